package io.stagecoach.scale;

import io.stagecoach.tensor.MessageSize;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The barrier of {@code synchronizer=driver}: all gradients pass the driver's link, the driver adds
 * up replicas, takes the norm and updates, and all weights pass its link again. Its link and its
 * memory work side by side, and both beside the stages.
 */
final class DriverBarrier {

  private final DescribedNetwork network;
  private final DescribedDriver driver;

  DriverBarrier(DescribedNetwork network, DescribedDriver driver) {
    this.network = network;
    this.driver = driver;
  }

  /** A part of a stage's gradients, of all replicas. */
  private record Piece(double ready, double bytes) {}

  /**
   * The next step begins when every stage has its weights by the time at which its first
   * micro-batch comes to it.
   */
  BarrierLoad load(Gradients gradients) {
    List<Piece> pieces = pieces(gradients);
    double model = gradients.modelBytes();
    int replicas = gradients.replicas();
    double decided = decided(pieces, gradients);
    double messages = (pieces.size() + gradients.stages().size()) * driver.secondsPerMessage();
    double busy =
        replicas * (2 * model / driver.bytesPerSecond() + messages)
            + (summing(replicas) + gradients.updateBytes()) * model / driver.memoryBytesPerSecond();
    return new BarrierLoad(next(decided, gradients) - gradients.passes(), replicas * model, busy);
  }

  private static List<Piece> pieces(Gradients gradients) {
    List<Piece> pieces = new ArrayList<>();
    for (StageLoad stage : gradients.stages()) {
      int count = stage.pieces(MessageSize.WORTHWHILE_BYTES);
      for (int i = 0; i < count; i++) {
        pieces.add(new Piece(stage.ready(i, count), stage.bytes() / count));
      }
    }
    pieces.sort(Comparator.comparingDouble(Piece::ready));
    return pieces;
  }

  /**
   * How often memory is touched for each byte of the model's gradients: each is put in its place;
   * each further replica's is read, added to one read, and written; the norm reads all once more.
   */
  private static double summing(int replicas) {
    return 2 + 3 * (replicas - 1) + 1;
  }

  /** When the norm of all gradients is known. */
  private double decided(List<Piece> pieces, Gradients gradients) {
    int replicas = gradients.replicas();
    double link = 0;
    double memory = 0;
    for (Piece piece : pieces) {
      double begins = piece.ready() + network.latencySeconds();
      link = Math.max(link, begins) + replicas * sending(piece.bytes());
      double there = Math.max(link, begins + piece.bytes() / network.bytesPerSecond());
      memory =
          Math.max(memory, there)
              + summing(replicas) * piece.bytes() / driver.memoryBytesPerSecond();
    }
    return memory;
  }

  private double sending(double bytes) {
    return bytes / driver.bytesPerSecond() + driver.secondsPerMessage();
  }

  /** When the next step can begin: weights leave stage by stage, each stage's when updated. */
  private double next(double decided, Gradients gradients) {
    double memory = decided;
    double link = decided;
    double next = 0;
    for (StageLoad stage : gradients.stages()) {
      memory += gradients.updateBytes() * stage.bytes() / driver.memoryBytesPerSecond();
      link = Math.max(link, memory) + gradients.replicas() * sending(stage.bytes());
      double there =
          Math.max(link, memory + stage.bytes() / network.bytesPerSecond())
              + network.latencySeconds();
      next = Math.max(next, there - stage.begins());
    }
    return next;
  }
}
