package io.stagecoach.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.stagecoach.batch.LocalStorage;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.schedule.Simulator;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.schedule.Ticks;
import io.stagecoach.spark.exchange.ExchangeKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Pipelines of stages whose passes take known times, so that what is measured is the pipeline and
 * nothing else. {@code known}: every schedule by both exchanges beside what the simulator says.
 * {@code sizes}: a step by both exchanges as a micro-batch's passes take longer, beside one device.
 *
 * <p>Arguments: the part, and the JSON file to write.
 */
public final class KnownTimesBenchmark {

  private static final int MICRO_BATCHES = 8;
  private static final int HOP_FLOATS = 1 << 16;
  private static final long MILLI = 1_000_000;

  /** The shuffle exchange chooses its ticks after six steps. */
  private static final int WARM_UP = 8;

  private static final int STEPS = 7;

  private final Workload store = Workload.mlp("unread", 4, 2, 2, 1);
  private final Path folder;

  private KnownTimesBenchmark(Path folder) {
    this.folder = folder;
  }

  public static void main(String[] arguments) throws Exception {
    Path out = Path.of(arguments[1]).toAbsolutePath();
    Files.createDirectories(out.getParent());
    Path folder = Files.createTempDirectory(out.getParent(), "known-");
    try {
      KnownTimesBenchmark benchmark = new KnownTimesBenchmark(folder);
      benchmark.store.write(folder.resolve("store"), MICRO_BATCHES);
      List<Map<String, Object>> rows =
          switch (arguments[0]) {
            case "known" -> benchmark.known();
            case "sizes" -> benchmark.sizes();
            default -> throw new IllegalArgumentException(arguments[0]);
          };
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(out.toFile(), rows);
    } finally {
      new LocalStorage(folder).delete("");
    }
    System.exit(0);
  }

  private TimedPipeline pipeline(
      JavaSparkContext spark,
      TimedModel model,
      ExchangeKind exchange,
      ScheduleAuthor author,
      PipelineShape shape) {
    return new TimedPipeline(spark, model, store, folder.resolve("store"), exchange, author, shape);
  }

  /** The medians of some steps. */
  private static TimedPipeline.Took median(TimedPipeline pipeline, int warmUp, int steps) {
    for (int i = 0; i < warmUp; i++) {
      pipeline.step();
    }
    List<Long> wall = new ArrayList<>();
    List<Long> stages = new ArrayList<>();
    List<Long> busy = new ArrayList<>();
    for (int i = 0; i < steps; i++) {
      TimedPipeline.Took took = pipeline.step();
      wall.add(took.wall());
      stages.add(took.stages());
      busy.add(took.busy());
    }
    return new TimedPipeline.Took(
        Times.of(wall).medianNanos(), Times.of(stages).medianNanos(), Times.of(busy).medianNanos());
  }

  private List<Map<String, Object>> known() {
    TimedModel model = new TimedModel(20 * MILLI, 20 * MILLI, 20 * MILLI, HOP_FLOATS);
    TimedModel idle = new TimedModel(0, 0, 0, HOP_FLOATS);
    List<Map<String, Object>> rows = new ArrayList<>();
    System.out.println(
        "exchange   executors  schedule          step ms  simulated  error    bubble  simulated"
            + "  closed form");
    for (int executors : new int[] {2, 4}) {
      try (JavaSparkContext spark =
          TrialApplication.start("known", executors, TimedEngine.jar(folder))) {
        for (ExchangeKind exchange : ExchangeKind.values()) {
          warmUp(spark, idle, exchange, executors);
          for (String name : Schedules.standard().names()) {
            ScheduleAuthor author = Schedules.standard().named(name);
            PipelineShape shape = shape(executors, author);
            long beside;
            try (TimedPipeline empty = pipeline(spark, idle, exchange, author, shape)) {
              beside = beside(exchange, empty);
            }
            try (TimedPipeline full = pipeline(spark, model, exchange, author, shape)) {
              rows.add(row(exchange, executors, author, shape, full, beside));
            }
          }
        }
      }
    }
    return rows;
  }

  /** Lets driver and executors load and compile what an exchange needs. */
  private void warmUp(
      JavaSparkContext spark, TimedModel idle, ExchangeKind exchange, int executors) {
    try (TimedPipeline pipeline =
        pipeline(
            spark,
            idle,
            exchange,
            Schedules.standard().named("1f1b"),
            new PipelineShape(executors, MICRO_BATCHES))) {
      median(pipeline, 30, 1);
    }
  }

  private static PipelineShape shape(int executors, ScheduleAuthor author) {
    int chunks = author.name().matches("interleaved-1f1b|looped-bfs") ? 2 : 1;
    return new PipelineShape(executors * chunks, MICRO_BATCHES, chunks);
  }

  /**
   * What there is beside the passes, measured with passes that take no time: of the streaming
   * exchange a hop, of the other one a tick.
   */
  private static long beside(ExchangeKind exchange, TimedPipeline empty) {
    // With idle passes the tuner takes the fewest ticks: what a tick costs is had before it does.
    TimedPipeline.Took took =
        exchange == ExchangeKind.STREAMING ? median(empty, WARM_UP, 50) : median(empty, 3, 3);
    return exchange == ExchangeKind.STREAMING
        ? took.stages() / criticalHops(empty)
        : took.wall() / Ticks.of(empty.schedule(), 1).count();
  }

  /** How many hops follow one another in a step. */
  private static long criticalHops(TimedPipeline empty) {
    return Simulator.simulate(empty.schedule(), empty.costs(1)).makespan();
  }

  private static Map<String, Object> row(
      ExchangeKind exchange,
      int executors,
      ScheduleAuthor author,
      PipelineShape shape,
      TimedPipeline pipeline,
      long beside) {
    TimedPipeline.Took took = median(pipeline, WARM_UP, STEPS);
    boolean streaming = exchange == ExchangeKind.STREAMING;
    StageCosts costs = pipeline.costs(streaming ? beside : 0);
    long simulated =
        streaming
            ? Simulator.simulate(pipeline.schedule(), costs).makespan()
            : Ticks.cheapest(pipeline.schedule(), costs, beside).makespan(costs, beside);
    long measured = streaming ? took.stages() : took.wall();
    long work =
        shape.stages() * (long) MICRO_BATCHES * (costs.forward().get(0) + costs.backward().get(0));
    double error = (double) measured / simulated - 1;
    double bubble = 1 - (double) work / (measured * executors);
    double bubbleSimulated = 1 - (double) work / (simulated * executors);
    OptionalDouble form = author.closedFormBubble(shape);
    System.out.printf(
        Locale.ROOT,
        "%-10s %9d  %-17s %7.1f  %9.1f  %5.1f %%  %5.1f %%  %7.1f %%  %s%n",
        exchange.word(),
        executors,
        author.name(),
        measured / 1e6,
        simulated / 1e6,
        100 * error,
        100 * bubble,
        100 * bubbleSimulated,
        form.isPresent() ? String.format(Locale.ROOT, "%.1f %%", 100 * form.getAsDouble()) : "-");
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("exchange", exchange.word());
    row.put("executors", executors);
    row.put("schedule", author.name());
    row.put("stepMillis", measured / 1e6);
    row.put("simulatedMillis", simulated / 1e6);
    row.put("hopOrTickMillis", beside / 1e6);
    row.put("bubble", bubble);
    row.put("bubbleSimulated", bubbleSimulated);
    row.put("bubbleClosedForm", form.isPresent() ? form.getAsDouble() : null);
    return row;
  }

  private List<Map<String, Object>> sizes() {
    List<Map<String, Object>> rows = new ArrayList<>();
    System.out.println(
        "passes ms  one device ms  ideal ms   streaming ms  speed-up   shuffle ms  speed-up");
    ScheduleAuthor author = Schedules.standard().named("1f1b");
    PipelineShape shape = new PipelineShape(2, MICRO_BATCHES);
    try (JavaSparkContext spark = TrialApplication.start("sizes", 2, TimedEngine.jar(folder))) {
      for (long passes : new long[] {10, 30, 100, 300, 1000}) {
        // A micro-batch's passes through the whole network; each stage does half, a third forward.
        long forward = passes * MILLI / 6;
        TimedModel model = new TimedModel(forward, forward, forward, HOP_FLOATS);
        double uncut = passes * MICRO_BATCHES;
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("passesMillis", passes);
        row.put("oneDeviceMillis", uncut);
        double ideal = 0;
        for (ExchangeKind exchange : ExchangeKind.values()) {
          try (TimedPipeline pipeline = pipeline(spark, model, exchange, author, shape)) {
            ideal = Simulator.simulate(pipeline.schedule(), pipeline.costs(0)).makespan() / 1e6;
            boolean tunes = exchange == ExchangeKind.SHUFFLE;
            TimedPipeline.Took took = median(pipeline, tunes ? WARM_UP : 2, passes < 300 ? 7 : 3);
            row.put(exchange.word() + "Millis", took.wall() / 1e6);
          }
        }
        row.put("idealMillis", ideal);
        rows.add(row);
        double streaming = (double) row.get("streamingMillis");
        double shuffle = (double) row.get("shuffleMillis");
        System.out.printf(
            Locale.ROOT,
            "%9d  %13.0f  %8.0f  %13.1f  %8.3f  %11.1f  %8.3f%n",
            passes,
            uncut,
            ideal,
            streaming,
            uncut / streaming,
            shuffle,
            uncut / shuffle);
      }
    }
    return rows;
  }
}
