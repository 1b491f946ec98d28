package io.stagecoach.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.stagecoach.batch.LocalStorage;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.spark.exchange.ExchangeKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Whole steps of a pipeline whose driver does its part beside the stages' work, and between two
 * steps, in turns: summing and norms when all gradients are there, and all weights updated before
 * any are sent. Dense layers, Adam, four micro-batches of few rows, so that the barrier is a large
 * part of a step.
 *
 * <p>Argument: the JSON file to write.
 */
public final class BarrierSteps {

  private static final int MICRO_BATCHES = 4;
  private static final int ROWS = 64;
  private static final int CLASSES = 4;
  private static final int TURNS = 6;
  private static final int STEPS_IN_TURN = 5;

  /**
   * A model.
   *
   * @param width of its dense layers
   * @param layers how many
   */
  private record Size(String name, int width, int layers) {}

  private static final List<Size> SIZES =
      List.of(new Size("1 M", 353, 8), new Size("10 M", 1118, 8), new Size("40 M", 2236, 8));

  /**
   * What was measured.
   *
   * @param besideMillis a step, the driver's part beside the stages' work
   * @param betweenMillis a step, the driver's part between two steps
   * @param updateMillis of it the update and what is left to do at the end, where it is between
   */
  public record Row(
      String size,
      long parameters,
      int executors,
      double besideMillis,
      double betweenMillis,
      double updateMillis) {

    /** How much longer a step is where the driver's part is between steps. */
    public double ratio() {
      return betweenMillis / besideMillis;
    }
  }

  private BarrierSteps() {}

  public static void main(String[] arguments) throws IOException {
    Path out = Path.of(arguments[0]).toAbsolutePath();
    Files.createDirectories(out.getParent());
    Path folder = Files.createTempDirectory(out.getParent(), "barrier-");
    List<Row> rows = new ArrayList<>();
    try {
      System.out.println(
          "size   parameters  executors  beside ms  between ms  ratio  its update ms");
      for (int executors : new int[] {2, 4}) {
        try (JavaSparkContext spark = TrialApplication.start("barrier", executors)) {
          for (Size size : SIZES) {
            Row row = measure(spark, size, executors, folder);
            rows.add(row);
            System.out.printf(
                Locale.ROOT,
                "%-5s %,11d  %9d  %9.1f  %10.1f  %5.2f  %13.1f%n",
                row.size(),
                row.parameters(),
                row.executors(),
                row.besideMillis(),
                row.betweenMillis(),
                row.ratio(),
                row.updateMillis());
          }
        }
      }
    } finally {
      new LocalStorage(folder).delete("");
    }
    new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(out.toFile(), rows);
    System.exit(0);
  }

  private static Row measure(JavaSparkContext spark, Size size, int executors, Path folder) {
    Workload workload = Workload.mlp(size.name(), size.width(), size.layers(), CLASSES, ROWS);
    Path store = folder.resolve(size.width() + "-" + executors);
    workload.write(store, MICRO_BATCHES);
    Map<TrialPipeline.Barrier, List<Long>> walls = new EnumMap<>(TrialPipeline.Barrier.class);
    List<Long> updates = new ArrayList<>();
    try (TrialPipeline pipeline =
        new TrialPipeline(
            spark,
            workload,
            store,
            ExchangeKind.STREAMING,
            Schedules.standard().named("1f1b"),
            new PipelineShape(executors, MICRO_BATCHES))) {
      for (int turn = -1; turn < TURNS; turn++) {
        for (TrialPipeline.Barrier barrier : TrialPipeline.Barrier.values()) {
          List<Long> own = walls.computeIfAbsent(barrier, key -> new ArrayList<>());
          // The first step of a turn has what the other side's last one left.
          for (int step = -1; step < STEPS_IN_TURN; step++) {
            long begin = System.nanoTime();
            var record = pipeline.step(barrier);
            long took = System.nanoTime() - begin;
            if (turn >= 0 && step >= 0) {
              own.add(took);
              if (barrier == TrialPipeline.Barrier.BETWEEN) {
                updates.add(record.updateNanos());
              }
            }
          }
        }
      }
      return new Row(
          size.name(),
          pipeline.modelParameters(),
          executors,
          Times.of(walls.get(TrialPipeline.Barrier.BESIDE)).medianMillis(),
          Times.of(walls.get(TrialPipeline.Barrier.BETWEEN)).medianMillis(),
          Times.of(updates).medianMillis());
    }
  }
}
