package io.stagecoach.spark.cluster;

import io.stagecoach.batch.Slice;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.engine.profile.EchoEngine;
import io.stagecoach.engine.profile.HopTimes;
import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.GPipe;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Ticks;
import io.stagecoach.spark.exchange.ExchangeKind;
import io.stagecoach.stage.Span;
import io.stagecoach.sync.StagePart;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures hops by a pipeline that computes nothing, of a single micro-batch: on the same
 * executors, by the same exchange. Where hops stream, that is half of the time from a send until
 * the answer is there, by one clock; where they go by shuffle, a tick of a step.
 */
public final class HopProbe {

  private static final Logger LOG = LoggerFactory.getLogger(HopProbe.class);

  /** A hop of this size shows what any hop takes. */
  private static final long SMALL = 4 << 10;

  /** Larger ones are taken to be in proportion. */
  private static final long LARGEST = 8 << 20;

  private static final int WARM_UP = 2;
  private static final int MOST = 15;

  private final PipelineSpec spec;
  private final List<Long> sizes;
  private final long ticks;

  private HopProbe(PipelineSpec pipeline, long largestBytes) {
    int executors = pipeline.executors();
    this.sizes = List.of(SMALL, Math.max(SMALL, Math.min(LARGEST, largestBytes)));
    GPipe schedule = new GPipe();
    this.spec =
        pipeline.of(
            EchoEngine.NAME,
            IntStream.range(0, executors)
                .mapToObj(
                    stage ->
                        new StageSpec(
                            EchoEngine.model(sizes),
                            stage,
                            executors,
                            stage,
                            stage + 1,
                            1,
                            Recompute.NONE,
                            0))
                .toList(),
            schedule);
    this.ticks = Ticks.of(schedule.schedule(new PipelineShape(executors, 1)), 1).count();
  }

  /**
   * Measures.
   *
   * @param pipeline on whose executors, and by whose exchange
   * @param recovery how often it may begin anew when executors are lost
   * @param largestBytes the largest hop that is of interest
   * @param budget about how long it may take, beside what launching takes
   */
  public static HopTimes measure(
      PipelineSpec pipeline, Recovery recovery, long largestBytes, Duration budget) {
    return pipeline.executors() == 1
        ? HopTimes.NONE
        : new HopProbe(pipeline, largestBytes).run(recovery, budget);
  }

  private HopTimes run(Recovery recovery, Duration budget) {
    List<List<Long>> times = List.of(new ArrayList<>(), new ArrayList<>());
    try (Pipeline pipeline =
        LastingPipeline.launch(spec, recovery, stage -> Nd4j.empty(), setback -> {})) {
      long end = System.nanoTime() + budget.toNanos();
      for (int step = 0; step < sizes.size() * (WARM_UP + MOST); step++) {
        if (step > sizes.size() * WARM_UP && System.nanoTime() > end) {
          break;
        }
        times.get(step % sizes.size()).add(hop(pipeline, step));
      }
    }
    HopTimes hops =
        HopTimes.through(sizes.get(0), median(times.get(0)), sizes.get(1), median(times.get(1)));
    LOG.info(
        "a hop takes {} ms, and {} ms more for each MiB",
        hops.fixed() / 1e6,
        hops.perByte() * (1 << 20) / 1e6);
    return hops;
  }

  private long hop(Pipeline pipeline, int step) {
    StepContext context =
        new StepContext(step, pipeline.nextAttempt(step), 0, 1, Mode.TRAINING, false);
    Slice slice = Slice.of(Slice.Split.TRAINING, 0, 0, 1);
    long start = System.nanoTime();
    List<StagePart> parts =
        pipeline.run(
            new Message.RunStep(context, new GPipe().name(), List.of(slice)),
            stage -> Optional.empty());
    long wall = System.nanoTime() - start;
    try {
      return spec.exchange() == ExchangeKind.SHUFFLE
          ? wall / ticks
          : roundTrip(parts.get(0).report().spans()) / (2L * (spec.executors() - 1));
    } finally {
      parts.forEach(StagePart::close);
    }
  }

  /** From the first stage's send until the gradient is there. */
  private static long roundTrip(List<Span> spans) {
    long sent = 0;
    long received = 0;
    for (Span span : spans) {
      if (span.action() instanceof Action.SendActivations) {
        sent = span.startNanos();
      } else if (span.action() instanceof Action.ReceiveGradients) {
        received = span.endNanos();
      }
    }
    return received - sent;
  }

  /** Of those after warm-up. */
  private static long median(List<Long> times) {
    List<Long> warm = times.subList(Math.min(WARM_UP, times.size() - 1), times.size());
    return warm.stream().sorted().toList().get(warm.size() / 2);
  }
}
