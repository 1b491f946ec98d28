package io.stagecoach.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.stagecoach.batch.LocalStorage;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.schedule.Simulator;
import io.stagecoach.schedule.StageCosts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Whole steps of a pipeline whose driver does its part beside the stages' work, layer by layer or
 * stage by stage, and between two steps, in turns: the latter sums and takes norms when all
 * gradients are there, and updates all weights before any are sent. Dense layers of real weights
 * and messages, Adam; passes last as long as they are told, so that executors that share cores do
 * not slow each other down.
 *
 * <p>Argument: the JSON file to write.
 */
public final class BarrierSteps {

  private static final int MICRO_BATCHES = 8;
  private static final int LAYERS = 8;
  private static final long FORWARD = 10_000_000;
  private static final long BACKWARD = 20_000_000;
  private static final int TURNS = 5;
  private static final int STEPS_IN_TURN = 4;

  /**
   * A model.
   *
   * @param width of its dense layers
   */
  private record Size(String name, int width) {}

  private static final List<Size> SIZES =
      List.of(new Size("1 M", 353), new Size("10 M", 1118), new Size("30 M", 1936));

  /**
   * What was measured, in milliseconds.
   *
   * @param passes what the simulator says of the passes alone
   * @param between a step, the driver's part between two steps
   * @param stages a step, the driver's part beside the stages' work, stage by stage
   * @param layers the same, layer by layer
   */
  public record Row(
      String size, int executors, double passes, double between, double stages, double layers) {

    /** What of that which a step takes beyond its passes is hidden behind them. */
    public double hidden() {
      return (between - layers) / (between - passes);
    }

    /** The same, had the gradients of a stage come in one piece. */
    public double hiddenByStages() {
      return (between - stages) / (between - passes);
    }
  }

  private final ScheduleAuthor author = Schedules.standard().named("1f1b");
  private final Path folder;

  private BarrierSteps(Path folder) {
    this.folder = folder;
  }

  public static void main(String[] arguments) throws IOException {
    Path out = Path.of(arguments[0]).toAbsolutePath();
    Files.createDirectories(out.getParent());
    Path folder = Files.createTempDirectory(out.getParent(), "barrier-");
    List<Row> rows = new ArrayList<>();
    try {
      BarrierSteps benchmark = new BarrierSteps(folder);
      System.out.println(
          "size  executors  passes ms  between ms  stages ms  layers ms  hidden: stages  layers");
      for (int executors : new int[] {2, 4}) {
        try (JavaSparkContext spark =
            TrialApplication.start("barrier", executors, PacedEngine.jar(folder))) {
          for (Size size : SIZES) {
            Row row = benchmark.measure(spark, size, executors);
            rows.add(row);
            System.out.printf(
                Locale.ROOT,
                "%-5s %9d  %9.1f  %10.1f  %9.1f  %9.1f  %14.2f  %6.2f%n",
                row.size(),
                row.executors(),
                row.passes(),
                row.between(),
                row.stages(),
                row.layers(),
                row.hiddenByStages(),
                row.hidden());
          }
        }
      }
    } finally {
      new LocalStorage(folder).delete("");
    }
    new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(out.toFile(), rows);
    System.exit(0);
  }

  private Row measure(JavaSparkContext spark, Size size, int executors) {
    Workload workload = Workload.mlp(size.name(), size.width(), LAYERS, 2, 1);
    Path store = folder.resolve(size.width() + "-" + executors);
    workload.write(store, MICRO_BATCHES);
    int perStage = LAYERS / executors;
    List<Integer> first = IntStream.range(0, executors).mapToObj(s -> s * perStage).toList();
    Map<DriverWork, List<Long>> walls = new EnumMap<>(DriverWork.class);
    try (PacedPipeline pipeline =
        new PacedPipeline(
            spark,
            workload,
            PacedEngine.model(FORWARD, BACKWARD, LAYERS, workload.model()),
            store,
            first,
            1,
            MICRO_BATCHES,
            author,
            false)) {
      for (int turn = -1; turn < TURNS; turn++) {
        for (DriverWork when : DriverWork.values()) {
          // The first step of a turn has what the other side's last one left.
          pipeline.step(when);
          for (int step = 0; step < STEPS_IN_TURN; step++) {
            long begin = System.nanoTime();
            pipeline.step(when);
            long took = System.nanoTime() - begin;
            if (turn >= 0) {
              walls.computeIfAbsent(when, key -> new ArrayList<>()).add(took);
            }
          }
        }
      }
    }
    return new Row(
        size.name(),
        executors,
        passes(executors, perStage) / 1e6,
        Times.of(walls.get(DriverWork.BETWEEN)).medianMillis(),
        Times.of(walls.get(DriverWork.STAGES)).medianMillis(),
        Times.of(walls.get(DriverWork.LAYERS)).medianMillis());
  }

  private long passes(int executors, int layers) {
    Schedule schedule = author.schedule(new PipelineShape(executors, MICRO_BATCHES));
    StageCosts costs =
        new StageCosts(
            Collections.nCopies(executors, layers * FORWARD),
            Collections.nCopies(executors, layers * BACKWARD),
            Collections.nCopies(executors, 0L),
            0);
    return Simulator.simulate(schedule, costs).makespan();
  }
}
