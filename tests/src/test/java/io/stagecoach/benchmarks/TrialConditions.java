package io.stagecoach.benchmarks;

import io.stagecoach.spark.cluster.Deadlines;
import io.stagecoach.spark.cluster.PipelineSpec;
import io.stagecoach.spark.exchange.ExchangeOptions;
import io.stagecoach.tensor.WireType;
import java.time.Duration;

/** What pipelines of benchmarks have in common: any port, and more time than any step takes. */
final class TrialConditions {

  static final PipelineSpec.Network NETWORK =
      new PipelineSpec.Network(0, 0, 1L << 30, ExchangeOptions.DEFAULT_CREDIT, WireType.FLOAT32);

  static final Deadlines DEADLINES =
      new Deadlines(
          Duration.ofMinutes(2),
          Duration.ofSeconds(60),
          Duration.ofMinutes(5),
          Duration.ofSeconds(60));

  private TrialConditions() {}
}
