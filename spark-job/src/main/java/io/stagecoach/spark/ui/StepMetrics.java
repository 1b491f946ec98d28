package io.stagecoach.spark.ui;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import io.stagecoach.report.StepRecord;
import io.stagecoach.spark.cluster.ProcessMemory;
import io.stagecoach.stage.StageStep;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/**
 * A run's figures by name: gauges are of its last step, timers and meters of all. Sinks read it
 * from threads of their own.
 */
final class StepMetrics {

  private final MetricRegistry registry = new MetricRegistry();
  private final Timer step = registry.timer("step");
  private final Timer barrier = registry.timer("barrier");
  private final Timer update = registry.timer("update");
  private final Timer weights = registry.timer("weights");
  private final Meter examples = registry.meter("examples");
  private final Counter skipped = registry.counter("skippedSteps");
  private final List<StageMetrics> stages = new ArrayList<>();
  private volatile StepRecord last;

  /** One stage's. */
  private record StageMetrics(Timer busy, Timer send, Timer receive, Meter bytes) {}

  /**
   * @param replicas how many pipelines work side by side
   * @param stageCount how many stages each of them has
   * @param memory what their processes use, as far as they have said
   */
  StepMetrics(int replicas, int stageCount, Supplier<Map<Integer, ProcessMemory>> memory) {
    gauge("loss", StepRecord::loss);
    gauge("gradientNorm", StepRecord::globalNorm);
    gauge("examplesPerSecond", done -> done.examples() / (done.wallNanos() / 1e9));
    gauge("bubble", StepRecord::bubble);
    for (int stage = 0; stage < replicas * stageCount; stage++) {
      String prefix =
          (replicas == 1 ? "" : "replica." + stage / stageCount + ".")
              + "stage."
              + stage % stageCount
              + ".";
      stages.add(
          new StageMetrics(
              registry.timer(prefix + "busy"),
              registry.timer(prefix + "hop.send"),
              registry.timer(prefix + "hop.receive"),
              registry.meter(prefix + "hop.bytes")));
      int index = stage;
      gauge(prefix + "idle", done -> idleShare(done, index));
      memory(prefix + "memory.offHeap", memory, stage, ProcessMemory::offHeapBytes);
      memory(prefix + "memory.peak", memory, stage, ProcessMemory::peakResidentBytes);
    }
  }

  private static double idleShare(StepRecord done, int stage) {
    return done.stages().stream()
        .filter(part -> part.stage() == stage)
        .mapToDouble(part -> done.idleShare(part.executor()))
        .findFirst()
        .orElse(Double.NaN);
  }

  private void gauge(String name, ToDoubleFunction<StepRecord> figure) {
    Gauge<Double> gauge =
        () -> {
          StepRecord done = last;
          return done == null ? Double.NaN : figure.applyAsDouble(done);
        };
    registry.register(name, gauge);
  }

  private void memory(
      String name,
      Supplier<Map<Integer, ProcessMemory>> memory,
      int stage,
      ToLongFunction<ProcessMemory> figure) {
    Gauge<Long> gauge =
        () -> {
          ProcessMemory process = memory.get().get(stage);
          return process == null ? 0 : figure.applyAsLong(process);
        };
    registry.register(name, gauge);
  }

  MetricRegistry registry() {
    return registry;
  }

  /** Takes a step that has ended. */
  void stepEnded(StepRecord done) {
    last = done;
    step.update(done.wallNanos(), TimeUnit.NANOSECONDS);
    barrier.update(done.barrierNanos(), TimeUnit.NANOSECONDS);
    update.update(done.updateNanos(), TimeUnit.NANOSECONDS);
    weights.update(done.distributeNanos(), TimeUnit.NANOSECONDS);
    examples.mark(done.examples());
    if (done.skipped()) {
      skipped.inc();
    }
    for (StageStep part : done.stages()) {
      StageMetrics stage = stages.get(part.stage());
      stage.busy().update(part.busyNanos(), TimeUnit.NANOSECONDS);
      hops(stage.send(), part.traffic().hopsSent(), part.traffic().sendNanos());
      hops(stage.receive(), part.traffic().hopsReceived(), part.traffic().receiveNanos());
      stage.bytes().mark(part.traffic().bytesSent());
    }
  }

  /** A step's mean: stages do not say what each hop took. */
  private static void hops(Timer timer, long count, long nanos) {
    if (count > 0) {
      timer.update(nanos / count, TimeUnit.NANOSECONDS);
    }
  }
}
