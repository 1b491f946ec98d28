package io.stagecoach.spark.cluster;

import io.stagecoach.batch.Slice;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.engine.profile.EchoEngine;
import io.stagecoach.engine.profile.HopTimes;
import io.stagecoach.engine.profile.PairTimes;
import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.GPipe;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Ticks;
import io.stagecoach.spark.exchange.ExchangeKind;
import io.stagecoach.stage.Span;
import io.stagecoach.sync.StagePart;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
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

  /**
   * Measures between each two executors, in as many chains of them as that takes.
   *
   * @param pipeline by whose exchange, one that streams
   * @param recovery how often it may begin anew when executors are lost
   * @param executors Spark's ids of them, at least two
   * @param largestBytes the largest hop that is of interest
   * @param budget about how long each chain may take, beside what launching takes
   * @return every pair once; fewer where executors were lost meanwhile
   */
  public static List<PairTimes> measurePairs(
      PipelineSpec pipeline,
      Recovery recovery,
      List<String> executors,
      long largestBytes,
      Duration budget) {
    HopProbe probe = new HopProbe(pipeline, largestBytes);
    Map<Set<String>, PairTimes> pairs = new LinkedHashMap<>();
    for (List<Integer> chain : Chains.of(executors.size())) {
      for (PairTimes pair :
          probe.neighbours(recovery, chain.stream().map(executors::get).toList(), budget)) {
        pairs.putIfAbsent(Set.of(pair.one(), pair.other()), pair);
      }
    }
    LOG.info(
        "a hop of {} bytes takes, between executors, {} ms",
        probe.sizes.get(1),
        pairs.values().stream()
            .map(
                pair ->
                    String.format(
                        Locale.ROOT,
                        "%s and %s %.3f",
                        pair.one(),
                        pair.other(),
                        pair.hop().of(probe.sizes.get(1)) / 1e6))
            .collect(Collectors.joining(", ")));
    return List.copyOf(pairs.values());
  }

  private HopTimes run(Recovery recovery, Duration budget) {
    HopTimes hops =
        measured(recovery, List.of(), budget, (wall, parts) -> List.of(mean(wall, parts)))
            .times()
            .get(0);
    LOG.info(
        "a hop takes {} ms, and {} ms more for each MiB",
        hops.fixed() / 1e6,
        hops.perByte() * (1 << 20) / 1e6);
    return hops;
  }

  private List<PairTimes> neighbours(Recovery recovery, List<String> seats, Duration budget) {
    Measured measured = measured(recovery, seats, budget, (wall, parts) -> borders(parts));
    List<PairTimes> pairs = new ArrayList<>();
    for (int border = 0; border < measured.times().size(); border++) {
      pairs.add(
          new PairTimes(
              measured.executors().get(border),
              measured.executors().get(border + 1),
              measured.times().get(border)));
    }
    return pairs;
  }

  /** What is read from a step: the time from telling it to its end, and what stages report. */
  private interface Reading {

    List<Long> of(long wall, List<StagePart> parts);
  }

  /**
   * What was measured.
   *
   * @param executors who had the places, in order
   * @param times one for each of what was read
   */
  private record Measured(List<String> executors, List<HopTimes> times) {}

  private Measured measured(
      Recovery recovery, List<String> seats, Duration budget, Reading reading) {
    List<List<List<Long>>> bySize = List.of(new ArrayList<>(), new ArrayList<>());
    List<String> executors;
    try (Pipeline pipeline =
        LastingPipeline.launch(
            spec, recovery, stage -> Nd4j.empty(), SliceHolder.none(), seats, setback -> {})) {
      long end = System.nanoTime() + budget.toNanos();
      for (int step = 0; step < sizes.size() * (WARM_UP + MOST); step++) {
        if (step > sizes.size() * WARM_UP && System.nanoTime() > end) {
          break;
        }
        bySize.get(step % sizes.size()).add(step(pipeline, step, reading));
      }
      executors = pipeline.stages().stream().map(StageAddress::executor).toList();
    }
    List<HopTimes> times = new ArrayList<>();
    for (int i = 0; i < bySize.get(0).get(0).size(); i++) {
      times.add(
          HopTimes.through(
              sizes.get(0), median(bySize.get(0), i), sizes.get(1), median(bySize.get(1), i)));
    }
    return new Measured(executors, times);
  }

  private List<Long> step(Pipeline pipeline, int step, Reading reading) {
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
      return reading.of(wall, parts);
    } finally {
      parts.forEach(StagePart::close);
    }
  }

  private long mean(long wall, List<StagePart> parts) {
    return spec.exchange() == ExchangeKind.SHUFFLE
        ? wall / ticks
        : roundTrip(parts.get(0)) / (2L * (spec.executors() - 1));
  }

  /**
   * A hop across each border: what a stage waits for an answer is what the next one waits, and a
   * hop there and one back.
   */
  private static List<Long> borders(List<StagePart> parts) {
    List<Long> hops = new ArrayList<>();
    for (int border = 0; border < parts.size() - 1; border++) {
      hops.add(Math.max(0, roundTrip(parts.get(border)) - roundTrip(parts.get(border + 1))) / 2);
    }
    return hops;
  }

  /** From a stage's send until the gradient is there; 0 for the last one. */
  private static long roundTrip(StagePart part) {
    long sent = 0;
    long received = 0;
    for (Span span : part.report().spans()) {
      if (span.action() instanceof Action.SendActivations) {
        sent = span.startNanos();
      } else if (span.action() instanceof Action.ReceiveGradients) {
        received = span.endNanos();
      }
    }
    return received - sent;
  }

  /** Of those after warm-up. */
  private static long median(List<List<Long>> steps, int of) {
    List<List<Long>> warm = steps.subList(Math.min(WARM_UP, steps.size() - 1), steps.size());
    return warm.stream().map(times -> times.get(of)).sorted().toList().get(warm.size() / 2);
  }
}
