package io.stagecoach.sync;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.stage.StageStep;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What the replicas of one stage have brought of its gradients in a try of a step, and the sums
 * over them, each as soon as it can be made: always in the order of the replicas, so that it does
 * not matter in which order pieces come.
 */
final class StageArrivals implements AutoCloseable {

  private final DataType type;
  private final List<Deque<GradientPiece>> brought = new ArrayList<>();

  /** From where on each replica has brought its gradients. */
  private final long[] begins;

  /** The replicas that had no micro-batches. */
  private final boolean[] idle;

  private final List<GradientPiece> kept = new ArrayList<>();

  /**
   * @param length how many parameters the stage has
   * @param type their type
   * @param replicas how many replicas there are
   */
  StageArrivals(long length, DataType type, int replicas) {
    this.type = type;
    this.begins = new long[replicas];
    this.idle = new boolean[replicas];
    Arrays.fill(begins, length);
    for (int replica = 0; replica < replicas; replica++) {
      brought.add(new ArrayDeque<>());
    }
  }

  /**
   * Takes a piece, and owns it.
   *
   * @throws StagecoachException PEER where it does not go on where the one before ended
   */
  void add(int replica, GradientPiece piece) {
    try {
      INDArray gradients = piece.gradients();
      if (gradients.dataType() != type || piece.interval().to() != begins[replica]) {
        throw unfit(piece, begins[replica] - piece.offset());
      }
    } catch (RuntimeException e) {
      piece.close();
      throw e;
    }
    begins[replica] = piece.offset();
    brought.get(replica).add(piece);
  }

  /**
   * Takes what has not come in pieces before; borrows the part.
   *
   * @throws StagecoachException PEER where that is more or less than there must be
   */
  void add(int replica, StagePart part) {
    StageStep report = part.report();
    if (report.examples() == 0 && brought.get(replica).isEmpty()) {
      // The first replica always has some.
      idle[replica] = replica > 0;
    }
    if (begins[replica] > 0 && !idle[replica]) {
      Tensors rest =
          Tensors.viewsOf(
              Map.of(StagePart.GRADIENTS, part.gradients().get(StagePart.GRADIENTS)), () -> {});
      add(replica, new GradientPiece(report.stage(), report.step(), report.attempt(), 0, rest));
    }
  }

  /**
   * The next sum over all replicas that can be made; the caller owns it. In place, in what the
   * first replica has brought.
   *
   * @throws StagecoachException PEER where replicas have cut their gradients differently
   */
  Optional<GradientPiece> nextSum() {
    for (int replica = 0; replica < begins.length; replica++) {
      if (brought.get(replica).isEmpty() && !idle[replica]) {
        return Optional.empty();
      }
    }
    GradientPiece sum = brought.get(0).remove();
    for (Deque<GradientPiece> ofReplica : brought.subList(1, brought.size())) {
      if (ofReplica.isEmpty()) {
        continue;
      }
      try (GradientPiece piece = ofReplica.remove()) {
        if (!piece.interval().equals(sum.interval())) {
          StagecoachException unfit = unfit(piece, sum.interval().length());
          sum.close();
          throw unfit;
        }
        sum.gradients().addi(piece.gradients());
      }
    }
    return Optional.of(sum);
  }

  /** Keeps a sum until it is asked for once more, and owns it. */
  void keep(GradientPiece sum) {
    kept.add(0, sum);
  }

  /** What was kept, in the order of the stage's flat vector. */
  List<GradientPiece> kept() {
    return List.copyOf(kept);
  }

  private StagecoachException unfit(GradientPiece piece, long length) {
    INDArray gradients = piece.gradients();
    return new StagecoachException(
        ErrorKind.PEER,
        "Gradients have "
            + gradients.length()
            + " elements of "
            + gradients.dataType()
            + ", not "
            + length
            + " of "
            + type,
        Where.stage(piece.stage()).atStep(piece.step()),
        "All executors must run the same version of the job.",
        null);
  }

  @Override
  public void close() {
    brought.forEach(
        ofReplica -> {
          ofReplica.forEach(GradientPiece::close);
          ofReplica.clear();
        });
    kept.forEach(GradientPiece::close);
    kept.clear();
  }
}
