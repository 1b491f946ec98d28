package io.stagecoach.sync;

import io.stagecoach.engine.Loss;
import java.util.ArrayList;
import java.util.List;

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
      List<StagePart> replicas = new ArrayList<>();
      for (int i = stage; i < parts.size(); i += stages) {
        replicas.add(parts.get(i));
      }
      byStage.add(replicas);
    }
    return byStage;
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
}
