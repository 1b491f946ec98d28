package io.stagecoach.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.stagecoach.batch.LocalStorage;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.report.StepRecord;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.spark.exchange.ExchangeKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * A GPT with shared weights on one to four executors. {@code stages}: what each of them holds, and
 * how fast they are together. {@code limit}: a model for which one executor's memory does not
 * suffice, on one and on four executors with that much memory.
 *
 * <p>Arguments: the part, and the JSON file to write.
 */
public final class GptBenchmark {

  private static final int MOST_STAGES = 4;
  private static final int MICRO_BATCHES = 8;
  private static final int WARM_UP = 1;
  private static final int STEPS = 5;

  /** Resident memory of an executor's process for which one stage of the wide model is too much. */
  private static final int LIMIT_MIB = 1000;

  private static final double MIB = 1 << 20;

  private final Path folder;

  private GptBenchmark(Path folder) {
    this.folder = folder;
  }

  public static void main(String[] arguments) throws IOException {
    Path out = Path.of(arguments[1]).toAbsolutePath();
    Files.createDirectories(out.getParent());
    Path folder = Files.createTempDirectory(out.getParent(), "batches-");
    try {
      GptBenchmark benchmark = new GptBenchmark(folder);
      List<Map<String, Object>> rows =
          switch (arguments[0]) {
            case "stages" -> benchmark.stages();
            case "limit" -> benchmark.limit();
            default -> throw new IllegalArgumentException(arguments[0]);
          };
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(out.toFile(), rows);
    } finally {
      new LocalStorage(folder).delete("");
    }
    System.exit(0);
  }

  /** 7.4 million parameters. */
  private static Workload narrow() {
    return Workload.gpt("gpt", Map.of("layers", "8", "width", "256", "heads", "8"), 4096, 128, 4);
  }

  /** 57 million parameters, 228 MB. */
  private static Workload wide() {
    return Workload.gpt(
        "wide-gpt", Map.of("layers", "16", "width", "512", "heads", "8"), 12_288, 64, 1);
  }

  private List<Map<String, Object>> stages() {
    Workload workload = narrow();
    Path store = store(workload);
    System.out.println(
        "stages  layers          parameters of each                       planned MiB"
            + "              resident MiB             largest  step ms  tokens/s");
    List<Map<String, Object>> rows = new ArrayList<>();
    for (int stages = 1; stages <= MOST_STAGES; stages++) {
      try (JavaSparkContext spark = TrialApplication.start("gpt", stages);
          TrialPipeline pipeline = pipeline(spark, workload, store, stages)) {
        rows.add(measured(workload, pipeline));
      }
    }
    return rows;
  }

  private static Map<String, Object> measured(Workload workload, TrialPipeline pipeline) {
    List<Long> nanos = new ArrayList<>();
    for (int step = -WARM_UP; step < STEPS; step++) {
      StepRecord record = pipeline.step();
      if (step >= 0) {
        nanos.add(record.wallNanos());
      }
    }
    List<PlannedStage> cut = pipeline.cut();
    List<Long> parameters = pipeline.parameters();
    List<Double> planned = cut.stream().map(stage -> stage.memory().total() / MIB).toList();
    List<Double> resident = residentMib(pipeline);
    double largest =
        (double) parameters.stream().mapToLong(Long::longValue).max().orElseThrow()
            / pipeline.modelParameters();
    double millis = Times.of(nanos).medianMillis();
    double tokens =
        1000.0 * MICRO_BATCHES * workload.microBatchRows() * workload.timeSteps() / millis;
    System.out.printf(
        Locale.ROOT,
        "%6d  %-14s  %-39s  %-23s  %-23s  %5.1f %%  %7.1f  %8.0f%n",
        cut.size(),
        joined(cut.stream().map(PlannedStage::layers).toList()),
        joined(parameters),
        rounded(planned),
        rounded(resident),
        100 * largest,
        millis,
        tokens);
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("stages", cut.size());
    row.put("modelParameters", pipeline.modelParameters());
    row.put("layers", cut.stream().map(PlannedStage::layers).toList());
    row.put("parameters", parameters);
    row.put("plannedMib", planned);
    row.put("residentMib", resident);
    row.put("largestShare", largest);
    row.put("stepMillis", millis);
    row.put("tokensPerSecond", tokens);
    return row;
  }

  /** The most that was ever resident in each stage's process. */
  private static List<Double> residentMib(TrialPipeline pipeline) {
    return new TreeMap<>(pipeline.memory())
        .values().stream().map(memory -> memory.peakResidentBytes() / MIB).toList();
  }

  private List<Map<String, Object>> limit() {
    Workload workload = wide();
    Path store = store(workload);
    // JavaCPP looks at the whole process: ND4J's own buffers are not in its count of bytes.
    String options = "-Dorg.bytedeco.javacpp.maxphysicalbytes=" + LIMIT_MIB + "m";
    List<Map<String, Object>> rows = new ArrayList<>();
    for (int stages : new int[] {1, MOST_STAGES}) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("stages", stages);
      row.put("limitMib", LIMIT_MIB);
      try (JavaSparkContext spark = TrialApplication.start("wide-gpt", stages, options)) {
        row.putAll(underLimit(spark, workload, store, stages));
      }
      System.out.println(row);
      rows.add(row);
    }
    return rows;
  }

  private static Map<String, Object> underLimit(
      JavaSparkContext spark, Workload workload, Path store, int stages) {
    Map<String, Object> row = new LinkedHashMap<>();
    try (TrialPipeline pipeline = pipeline(spark, workload, store, stages)) {
      row.put("modelParameters", pipeline.modelParameters());
      row.put("parameters", pipeline.parameters());
      row.put(
          "plannedMib",
          pipeline.cut().stream().map(stage -> stage.memory().total() / MIB).toList());
      List<Double> losses = new ArrayList<>();
      for (int step = 0; step < 2; step++) {
        losses.add(pipeline.step().loss());
      }
      row.put("losses", losses);
      row.put("residentMib", residentMib(pipeline));
    } catch (StagecoachException e) {
      if (e.kind() != ErrorKind.RESOURCE) {
        throw e;
      }
      row.put("error", e.kind().name());
      row.put("message", e.getMessage());
    }
    return row;
  }

  private static TrialPipeline pipeline(
      JavaSparkContext spark, Workload workload, Path store, int stages) {
    return new TrialPipeline(
        spark,
        workload,
        store,
        ExchangeKind.STREAMING,
        Schedules.standard().named("1f1b"),
        new PipelineShape(stages, MICRO_BATCHES));
  }

  private Path store(Workload workload) {
    Path store = folder.resolve(workload.name());
    workload.write(store, MICRO_BATCHES);
    return store;
  }

  private static String joined(List<?> values) {
    return values.stream().map(Object::toString).collect(Collectors.joining(" "));
  }

  private static String rounded(List<Double> values) {
    return joined(values.stream().map(Math::round).toList());
  }
}
