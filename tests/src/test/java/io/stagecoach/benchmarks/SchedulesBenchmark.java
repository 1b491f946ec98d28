package io.stagecoach.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.stagecoach.batch.LocalStorage;
import io.stagecoach.report.RunRecorder;
import io.stagecoach.report.RunReport;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.schedule.Ticks;
import io.stagecoach.spark.exchange.ExchangeKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * All schedules by both exchanges. {@code exact}: the weights after ten steps on 1 to 4 executors,
 * compared bit by bit. {@code bubbles}: how much two executors wait, beside what the simulator and
 * the closed form say. {@code ticks}: what a tick of the shuffle exchange costs, beside a plain
 * shuffle stage of Spark's with as many bytes.
 *
 * <p>Arguments: the part, and the JSON file to write.
 */
public final class SchedulesBenchmark {

  private static final int EXACT_STEPS = 10;
  private static final int EXACT_MICRO_BATCHES = 5;
  private static final int WARM_UP = 4;
  private static final int STEPS = 12;
  private static final int MICRO_BATCHES = 8;
  private static final int MOST_STAGES = 4;
  private static final int PLAIN_JOBS = 20;

  private final Path folder;

  private SchedulesBenchmark(Path folder) {
    this.folder = folder;
  }

  public static void main(String[] arguments) throws Exception {
    Path out = Path.of(arguments[1]).toAbsolutePath();
    Files.createDirectories(out.getParent());
    Path folder = Files.createTempDirectory(out.getParent(), "batches-");
    try {
      SchedulesBenchmark benchmark = new SchedulesBenchmark(folder);
      List<Map<String, Object>> rows =
          switch (arguments[0]) {
            case "exact" -> benchmark.exact();
            case "bubbles" -> benchmark.bubbles();
            case "ticks" -> benchmark.ticks();
            default -> throw new IllegalArgumentException(arguments[0]);
          };
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(out.toFile(), rows);
    } finally {
      new LocalStorage(folder).delete("");
    }
    System.exit(0);
  }

  private Path store(Workload workload, int microBatches) {
    Path store = folder.resolve(workload.name());
    workload.write(store, microBatches);
    return store;
  }

  private static int chunks(ScheduleAuthor author) {
    return author.name().matches("interleaved-1f1b|looped-bfs") ? 2 : 1;
  }

  private static List<ScheduleAuthor> authors() {
    return Schedules.standard().names().stream().map(Schedules.standard()::named).toList();
  }

  private List<Map<String, Object>> exact() {
    List<Map<String, Object>> rows = new ArrayList<>();
    System.out.println("network  exchange   schedule          executors  weights after 10 steps");
    try (JavaSparkContext spark = TrialApplication.start("schedules", MOST_STAGES)) {
      for (Workload workload :
          List.of(
              Workload.mlp("mlp", 16, 8, 3, 6),
              Workload.cnn("cnn", 6),
              Workload.lstm("lstm", 12, 7, 9, 5, 6))) {
        Path store = store(workload, EXACT_MICRO_BATCHES);
        double[] first = null;
        for (ExchangeKind exchange : ExchangeKind.values()) {
          for (ScheduleAuthor author : authors()) {
            for (int executors = 1; executors <= MOST_STAGES; executors++) {
              int chunks = chunks(author);
              PipelineShape shape =
                  new PipelineShape(executors * chunks, EXACT_MICRO_BATCHES, chunks);
              double[] weights;
              try (TrialPipeline pipeline =
                  new TrialPipeline(spark, workload, store, exchange, author, shape)) {
                for (int step = 0; step < EXACT_STEPS; step++) {
                  pipeline.step();
                }
                weights = pipeline.weights();
              }
              first = first == null ? weights : first;
              boolean same = Arrays.equals(first, weights);
              System.out.printf(
                  "%-8s %-10s %-17s %9d  %s%n",
                  workload.name(),
                  exchange.word(),
                  author.name(),
                  executors,
                  same ? "identical" : "DIFFERENT");
              Map<String, Object> row = new LinkedHashMap<>();
              row.put("network", workload.name());
              row.put("exchange", exchange.word());
              row.put("schedule", author.name());
              row.put("executors", executors);
              row.put("identical", same);
              rows.add(row);
            }
          }
        }
      }
    }
    long different = rows.stream().filter(row -> row.get("identical").equals(false)).count();
    System.out.println(rows.size() + " runs, " + different + " different");
    return rows;
  }

  private List<Map<String, Object>> bubbles() {
    List<Map<String, Object>> rows = new ArrayList<>();
    System.out.println(
        "exchange   schedule          step ms  stages ms  simulated  error    bubble  simulated"
            + "  closed form");
    try (JavaSparkContext spark = TrialApplication.start("schedules", 2)) {
      Workload workload = Workload.mlp("mlp", 512, 8, 10, 512);
      Path store = store(workload, MICRO_BATCHES);
      for (ExchangeKind exchange : ExchangeKind.values()) {
        for (ScheduleAuthor author : authors()) {
          PipelineShape shape =
              new PipelineShape(2 * chunks(author), MICRO_BATCHES, chunks(author));
          RunReport report;
          try (TrialPipeline pipeline =
              new TrialPipeline(spark, workload, store, exchange, author, shape)) {
            RunRecorder recorder = new RunRecorder(pipeline.schedule(), WARM_UP);
            for (int step = 0; step < WARM_UP + STEPS; step++) {
              recorder.record(pipeline.step());
            }
            report = recorder.report();
          }
          OptionalDouble form = author.closedFormBubble(shape);
          double error = report.time().slowestStage() / report.bubble().simulatedStep() - 1;
          System.out.printf(
              Locale.ROOT,
              "%-10s %-17s %7.1f  %9.1f  %9.1f  %5.1f %%  %5.1f %%  %7.1f %%  %s%n",
              exchange.word(),
              author.name(),
              report.time().stepMedian(),
              report.time().slowestStage(),
              report.bubble().simulatedStep(),
              100 * error,
              100 * report.bubble().measured(),
              100 * report.bubble().simulated(),
              form.isPresent()
                  ? String.format(Locale.ROOT, "%.1f %%", 100 * form.getAsDouble())
                  : "-");
          Map<String, Object> row = new LinkedHashMap<>();
          row.put("exchange", exchange.word());
          row.put("schedule", author.name());
          row.put("stepMillis", report.time().stepMedian());
          row.put("stagesMillis", report.time().slowestStage());
          row.put("simulatedMillis", report.bubble().simulatedStep());
          row.put("bubble", report.bubble().measured());
          row.put("bubbleSimulated", report.bubble().simulated());
          row.put("bubbleClosedForm", form.isPresent() ? form.getAsDouble() : null);
          rows.add(row);
        }
      }
    }
    return rows;
  }

  private List<Map<String, Object>> ticks() {
    int microBatches = 16;
    List<Map<String, Object>> rows = new ArrayList<>();
    System.out.println("hop bytes  ticks  step ms  ms a tick  plain shuffle stage ms  ratio");
    try (JavaSparkContext spark = TrialApplication.start("schedules", 2)) {
      for (int width : new int[] {16, 256, 1024}) {
        Workload workload = Workload.mlp("mlp-" + width, width, 2, 4, 64);
        Path store = store(workload, microBatches);
        ScheduleAuthor author = Schedules.standard().named("1f1b");
        int bytes = width * 64 * 4;
        List<Long> own = new ArrayList<>();
        List<Long> plain = new ArrayList<>();
        int count;
        try (TrialPipeline pipeline =
            new TrialPipeline(
                spark,
                workload,
                store,
                ExchangeKind.SHUFFLE,
                author,
                new PipelineShape(2, microBatches))) {
          count = Ticks.of(pipeline.schedule(), 1).count();
          for (int i = -WARM_UP; i < PLAIN_JOBS; i++) {
            long took = pipeline.step().wallNanos();
            long other = plainChain(spark, count, bytes);
            if (i >= 0) {
              own.add(took);
              plain.add(other);
            }
          }
        }
        double step = Times.of(own).medianMillis();
        double stage = Times.of(plain).medianMillis() / count;
        System.out.printf(
            Locale.ROOT,
            "%9d  %5d  %7.1f  %9.2f  %22.2f  %5.2f%n",
            bytes,
            count,
            step,
            step / count,
            stage,
            step / count / stage);
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("hopBytes", bytes);
        row.put("ticks", count);
        row.put("stepMillis", step);
        row.put("tickMillis", step / count);
        row.put("plainStageMillis", stage);
        rows.add(row);
      }
    }
    return rows;
  }

  /** One job of so many stages, two tasks each, that shuffle two arrays; in nanoseconds. */
  private static long plainChain(JavaSparkContext spark, int stages, int bytes) {
    long start = System.nanoTime();
    // Operations of Spark's own: the executors have no class of this program.
    JavaRDD<byte[]> rdd = spark.parallelize(List.of(new byte[bytes], new byte[bytes]), 2);
    for (int i = 1; i < stages; i++) {
      rdd = rdd.repartition(2);
    }
    rdd.count();
    return System.nanoTime() - start;
  }
}
