package io.stagecoach.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.stagecoach.batch.LocalStorage;
import io.stagecoach.model.DataShape;
import io.stagecoach.model.ModelPresets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Trains on a Parquet table that is ten times as large as what all executors may have in memory, by
 * {@code spark-job/bin/stagecoach train}, and looks once a second at what each process has
 * resident.
 *
 * <p>Arguments: the JSON file to write; the launcher; how many times the executors' memory the
 * table is to be (10).
 */
public final class TableBenchmark {

  private static final int EXECUTORS = 2;
  private static final int HEAP_MIB = 512;
  private static final int OFF_HEAP_MIB = 256;
  private static final int FEATURES = 1024;
  private static final int CLASSES = 5;
  private static final int FILES = 64;

  /** In how many parts of equal time a run is shown. */
  private static final int PARTS = 10;

  private static final double MIB = 1 << 20;

  /**
   * What a process had resident at a moment of the run.
   *
   * @param second since the run began
   * @param process {@code driver}, or {@code executor} and a number
   */
  private record Look(int second, String process, double residentMib) {}

  private TableBenchmark() {}

  public static void main(String[] arguments) throws Exception {
    Path out = Path.of(arguments[0]).toAbsolutePath();
    Path launcher = Path.of(arguments[1]);
    double times = Double.parseDouble(arguments.length > 2 ? arguments[2] : "10");
    Files.createDirectories(out.getParent());
    Path folder = Files.createTempDirectory(out.getParent(), "table-");
    try {
      long memory = (long) (EXECUTORS * (HEAP_MIB + OFF_HEAP_MIB) * MIB);
      long rows = (long) (times * memory) / (FEATURES * Float.BYTES);
      writeTable(folder.resolve("table"), rows);
      Path model =
          Files.writeString(
              folder.resolve("model.json"),
              ModelPresets.named("mlp")
                  .configuration(
                      new DataShape.Table(FEATURES, CLASSES), Map.of("hidden", "128,128,128"))
                  .toJson());
      long tableBytes = bytes(folder.resolve("table"));
      System.out.printf(
          Locale.ROOT,
          "%,d rows of %d features, %.1f GiB in %d files; %d executors of %d MiB heap and %d MiB"
              + " off the heap: %.1f times as much%n",
          rows,
          FEATURES,
          tableBytes / MIB / 1024,
          FILES,
          EXECUTORS,
          HEAP_MIB,
          OFF_HEAP_MIB,
          (double) tableBytes / memory);
      List<Look> looks = train(launcher, folder, model);
      JsonNode report =
          new ObjectMapper().readTree(folder.resolve("out").resolve("report.json").toFile());
      print(looks, report);
      Map<String, Object> document = new LinkedHashMap<>();
      document.put("rows", rows);
      document.put("features", FEATURES);
      document.put("tableBytes", tableBytes);
      document.put("executorsBytes", memory);
      document.put("storeBytes", bytes(folder.resolve("batches")));
      document.put("looks", looks);
      document.put("report", report);
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .writeValue(out.toFile(), document);
    } finally {
      new LocalStorage(folder).delete("");
    }
    System.exit(0);
  }

  private static void writeTable(Path path, long rows) {
    StructType schema =
        new StructType()
            .add("x", DataTypes.createArrayType(DataTypes.FloatType, false), false)
            .add("y", DataTypes.IntegerType, false);
    try (SparkSession spark =
        SparkSession.builder()
            .master("local[" + EXECUTORS + "]")
            .config("spark.ui.enabled", "false")
            // Random numbers: nothing is there to compress.
            .config("spark.sql.parquet.compression.codec", "uncompressed")
            .getOrCreate()) {
      spark
          .range(0, rows, 1, FILES)
          .map((MapFunction<Long, Row>) TableBenchmark::row, Encoders.row(schema))
          .write()
          .option("parquet.enable.dictionary", "false")
          .parquet(path.toString());
    }
  }

  /** The class says in which part the first of the features lies. */
  private static Row row(long number) {
    SplittableRandom random = new SplittableRandom(Workload.SEED + number);
    Float[] values = new Float[FEATURES];
    for (int i = 0; i < FEATURES; i++) {
      values[i] = (float) random.nextDouble();
    }
    return RowFactory.create(values, (int) (values[0] * CLASSES));
  }

  private static List<Look> train(Path launcher, Path folder, Path model)
      throws IOException, InterruptedException {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put(
        "spark.master", "local-cluster[" + EXECUTORS + ",1," + (HEAP_MIB + OFF_HEAP_MIB) + "]");
    settings.put("spark.driver.memory", "768m");
    settings.put("spark.executor.memory", HEAP_MIB + "m");
    settings.put("spark.executor.cores", "1");
    settings.put(
        "spark.executor.extraJavaOptions",
        "-Dorg.bytedeco.javacpp.maxbytes="
            + OFF_HEAP_MIB
            + "m -Dorg.bytedeco.javacpp.maxphysicalbytes=2g");
    settings.put("spark.ui.enabled", "false");
    settings.put("spark.stagecoach.stages", String.valueOf(EXECUTORS));
    settings.put("spark.stagecoach.batchSize", "2048");
    settings.put("spark.stagecoach.microBatches", "4");
    settings.put("spark.stagecoach.epochs", "1");
    settings.put("spark.stagecoach.progress", "none");
    settings.put("spark.stagecoach.data.path", folder.resolve("table").toString());
    settings.put("spark.stagecoach.data.features", "x");
    settings.put("spark.stagecoach.data.label", "y");
    settings.put("spark.stagecoach.model.config", model.toString());
    settings.put("spark.stagecoach.batchStore.path", folder.resolve("batches").toString());
    settings.put("spark.stagecoach.output.path", folder.resolve("out").toString());
    List<String> command = new ArrayList<>(List.of(launcher.toString(), "train"));
    Path properties = folder.resolve("table.properties");
    try (var lines = Files.newBufferedWriter(properties)) {
      for (Map.Entry<String, String> setting : settings.entrySet()) {
        lines.write(setting.getKey() + " " + setting.getValue() + "\n");
      }
    }
    command.addAll(List.of("--properties-file", properties.toString()));
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile()).inheritIO();
    // The launcher's own Spark, as a user has it.
    builder.environment().remove("SPARK_HOME");
    Process process = builder.start();
    List<Look> looks = new ArrayList<>();
    for (int second = 0; process.isAlive(); second++) {
      look(process, second, looks);
      Thread.sleep(1000);
    }
    if (process.exitValue() != 0) {
      throw new IllegalStateException("the run ended with " + process.exitValue());
    }
    return looks;
  }

  private static void look(Process process, int second, List<Look> looks) {
    int executor = 0;
    for (ProcessHandle child : process.descendants().sorted().toList()) {
      String command = text(child, "cmdline");
      double resident = residentMib(child);
      if (isExecutor(command)) {
        if (child.parent().map(parent -> isExecutor(text(parent, "cmdline"))).orElse(false)) {
          // A process that an executor starts is, for a moment, called like it.
          continue;
        }
        looks.add(new Look(second, "executor " + executor++, resident));
      } else if (command.contains("deploy.SparkSubmit")) {
        looks.add(new Look(second, "driver", resident));
      }
    }
  }

  private static boolean isExecutor(String command) {
    return command.contains("CoarseGrainedExecutorBackend");
  }

  private static double residentMib(ProcessHandle process) {
    return text(process, "status")
            .lines()
            .filter(line -> line.startsWith("VmRSS:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
            .findFirst()
            .orElse(0)
        / 1024.0;
  }

  /** Nothing where the process is gone. */
  private static String text(ProcessHandle process, String what) {
    try {
      return Files.readString(Path.of("/proc", String.valueOf(process.pid()), what));
    } catch (IOException e) {
      return "";
    }
  }

  private static long bytes(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
  }

  /** The most that each process had resident, in each part of the run's time. */
  private static void print(List<Look> looks, JsonNode report) {
    int seconds = 1 + looks.stream().mapToInt(Look::second).max().orElse(0);
    List<String> processes = looks.stream().map(Look::process).distinct().sorted().toList();
    System.out.printf("%-12s", "until second");
    processes.forEach(process -> System.out.printf("%14s", process));
    System.out.println("  (resident MiB, the most)");
    for (int part = 0; part < PARTS; part++) {
      int from = part * seconds / PARTS;
      int to = (part + 1) * seconds / PARTS;
      System.out.printf(Locale.ROOT, "%-12d", to);
      for (String process : processes) {
        System.out.printf(
            Locale.ROOT,
            "%14.0f",
            looks.stream()
                .filter(look -> look.process().equals(process))
                .filter(look -> look.second() >= from && look.second() < to)
                .mapToDouble(Look::residentMib)
                .max()
                .orElse(0));
      }
      System.out.println();
    }
    System.out.println("steps " + report.get("steps") + ", validation " + report.get("validation"));
  }
}
