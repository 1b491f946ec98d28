package io.stagecoach.sync;

import io.stagecoach.engine.Loss;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Sums over the replicas of a pipeline, always in their order: what a single pipeline gets that
 * sums its micro-batches in as many {@link io.stagecoach.batch.Blocks}.
 */
public final class ReplicaSums {

  private ReplicaSums() {}

  /**
   * The parts of each stage, one for each replica, in order.
   *
   * @param parts those of all stages, in stage order, replica by replica
   * @param stages how many stages a pipeline has
   */
  static List<List<StagePart>> byStage(List<StagePart> parts, int stages) {
    List<List<StagePart>> byStage = new ArrayList<>();
    for (int stage = 0; stage < stages; stage++) {
      byStage.add(ofStage(parts, stage, stages));
    }
    return byStage;
  }

  /** The parts of one of them, of all replicas in order. */
  static List<StagePart> ofStage(List<StagePart> parts, int stage, int stages) {
    List<StagePart> replicas = new ArrayList<>();
    for (int i = stage; i < parts.size(); i += stages) {
      replicas.add(parts.get(i));
    }
    return replicas;
  }

  /**
   * The loss of a step: stage by stage, in each over the replicas.
   *
   * @param parts those of all stages, in stage order, replica by replica
   * @param stages how many stages a pipeline has
   */
  public static Loss loss(List<StagePart> parts, int stages) {
    Loss sum = Loss.none();
    for (List<StagePart> replicas : byStage(parts, stages)) {
      sum = sum.plus(loss(replicas));
    }
    return sum;
  }

  static Loss loss(List<StagePart> replicas) {
    Loss sum = Loss.none();
    for (StagePart part : replicas) {
      sum = sum.plus(part.report().loss());
    }
    return sum;
  }

  /**
   * Adds to the first replica's gradients those of the others that had micro-batches. The first one
   * always has some.
   */
  static void addGradients(List<StagePart> replicas) {
    INDArray sum = gradients(replicas.get(0));
    for (StagePart part : replicas.subList(1, replicas.size())) {
      if (part.report().examples() > 0) {
        sum.addi(gradients(part));
      }
    }
  }

  private static INDArray gradients(StagePart part) {
    return part.gradients().get(StagePart.GRADIENTS);
  }
}
