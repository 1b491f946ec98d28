package io.stagecoach.spark.cluster;

import io.stagecoach.engine.StageSpec;
import io.stagecoach.sync.SliceOwners;
import io.stagecoach.sync.TiedUse;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;

/**
 * Who mirrors whose slices, where stages keep their weights: each executor those of the one before
 * it, where there are several.
 */
record Mirroring(PipelineSpec spec) {

  /** Whether there is anybody else. */
  boolean isThere() {
    return spec.executors() > 1;
  }

  /** The executor that mirrors one. */
  int mirrorOf(int executor) {
    return Math.floorMod(executor + 1, spec.executors());
  }

  /** Which of the replicas of the pipeline's stages have their weights. */
  SliceOwners owners() {
    return new SliceOwners(spec.stages().size() / spec.replicas(), spec.replicas());
  }

  /**
   * What the executors are told, in order.
   *
   * @param run the same for all stages that follow each other in a run
   * @param ties which parameters of which stages are used by others
   */
  List<Message.KeepSlices> orders(UUID run, List<TiedUse> ties) {
    return IntStream.range(0, spec.executors())
        .mapToObj(
            executor ->
                new Message.KeepSlices(
                    run,
                    owners(),
                    ties,
                    mirrored(executor),
                    isThere()
                        ? spec.stagesOf(mirrorOf(executor)).get(0).stage()
                        : Message.KeepSlices.NO_MIRROR))
        .toList();
  }

  private List<StageSpec> mirrored(int executor) {
    if (!isThere()) {
      return List.of();
    }
    return spec.stagesOf(Math.floorMod(executor - 1, spec.executors())).stream()
        .filter(stage -> owners().owns(stage.stage()))
        .toList();
  }
}
