package io.stagecoach.spark.ui;

import io.stagecoach.report.StepRecord;
import io.stagecoach.spark.cluster.ProcessMemory;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.MetricsSystem;

/**
 * A run's figures in the driver's metrics system, where every sink of the application shows them as
 * long as the run goes on.
 */
public final class LiveFigures implements AutoCloseable {

  private static final SourceNames NAMES = new SourceNames();

  private final MetricsSystem system;
  private final MetricsSource source;
  private final StepMetrics metrics;

  private LiveFigures(MetricsSystem system, MetricsSource source, StepMetrics metrics) {
    this.system = system;
    this.source = source;
    this.metrics = metrics;
  }

  /**
   * Begins to show a run.
   *
   * @param replicas how many pipelines work side by side
   * @param stages how many stages each of them has
   * @param memory what their processes use, as far as they have said
   */
  public static LiveFigures of(
      int replicas, int stages, Supplier<Map<Integer, ProcessMemory>> memory) {
    MetricsSystem system = SparkEnv.get().metricsSystem();
    StepMetrics metrics = new StepMetrics(replicas, stages, memory);
    MetricsSource source = new MetricsSource(NAMES.take(), metrics.registry());
    system.registerSource(source);
    return new LiveFigures(system, source, metrics);
  }

  /** Takes a step that has ended. */
  public void stepEnded(StepRecord step) {
    metrics.stepEnded(step);
  }

  /** Has sinks that ask from time to time show the last figures, and ends. */
  @Override
  public void close() {
    system.report();
    system.removeSource(source);
    NAMES.giveBack(source.sourceName());
  }
}
