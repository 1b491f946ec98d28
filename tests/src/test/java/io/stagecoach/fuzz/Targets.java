package io.stagecoach.fuzz;

import io.stagecoach.checkpoint.CheckpointTarget;
import io.stagecoach.spark.cluster.MessageTargets;
import io.stagecoach.spark.exchange.WireTargets;
import java.util.List;
import java.util.stream.Stream;

/** Everything that reads what came from elsewhere. */
final class Targets {

  private Targets() {}

  static List<FuzzTarget> all() {
    return Stream.of(
            WireTargets.all(),
            MessageTargets.all(),
            List.of(
                TensorTarget.asItIs(),
                TensorTarget.narrowed(),
                new ScheduleTarget(),
                new ConfigurationTarget(),
                new ManifestTarget(),
                new CheckpointTarget()))
        .flatMap(List::stream)
        .toList();
  }
}
