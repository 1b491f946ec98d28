package io.stagecoach.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.stagecoach.batch.LocalStorage;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.spark.exchange.ExchangeKind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Many steps by each exchange, and what driver and executors hold meanwhile: memory, threads,
 * files. What grows is printed, not judged.
 *
 * <p>Arguments: the JSON file to write; how many steps by streaming, and how many by shuffle (1000
 * each).
 */
public final class SoakBenchmark {

  private static final String STEPS = "1000";
  private static final int LOOKS = 5;

  private SoakBenchmark() {}

  public static void main(String[] arguments) throws Exception {
    Path out = Path.of(arguments[0]).toAbsolutePath();
    Files.createDirectories(out.getParent());
    Path folder = Files.createTempDirectory(out.getParent(), "soak-");
    List<Map<String, Object>> rows = new ArrayList<>();
    System.out.println(
        "exchange   step  process   heap MiB  resident MiB  threads  open files  local MiB");
    try {
      Workload workload = Workload.mlp("mlp", 64, 6, 5, 32);
      workload.write(folder.resolve("store"), 4);
      for (ExchangeKind exchange : ExchangeKind.values()) {
        int argument = exchange == ExchangeKind.STREAMING ? 1 : 2;
        int steps = Integer.parseInt(arguments.length > argument ? arguments[argument] : STEPS);
        if (steps == 0) {
          continue;
        }
        try (JavaSparkContext spark = TrialApplication.start("soak", 2);
            TrialPipeline pipeline =
                new TrialPipeline(
                    spark,
                    workload,
                    folder.resolve("store"),
                    exchange,
                    Schedules.standard().named("1f1b"),
                    new PipelineShape(2, 4))) {
          for (int step = 1; step <= steps; step++) {
            pipeline.step();
            if (step == 20 || step % Math.max(1, steps / LOOKS) == 0) {
              look(exchange, step, rows);
            }
          }
        }
      }
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(out.toFile(), rows);
    } finally {
      new LocalStorage(folder).delete("");
    }
    System.exit(0);
  }

  private static void look(ExchangeKind exchange, int step, List<Map<String, Object>> rows)
      throws IOException, InterruptedException {
    int executor = 0;
    List<ProcessHandle> processes = new ArrayList<>(List.of(ProcessHandle.current()));
    ProcessHandle.current()
        .descendants()
        .filter(child -> commandLine(child).contains("CoarseGrainedExecutorBackend"))
        .forEach(processes::add);
    double local = megabytes(Path.of(System.getenv("SPARK_LOCAL_DIRS")));
    for (ProcessHandle process : processes) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("exchange", exchange.word());
      row.put("step", step);
      row.put(
          "process", process.equals(ProcessHandle.current()) ? "driver" : "stage " + executor++);
      row.put("heapMiB", heapAfterCollection(process.pid()));
      row.put("residentMiB", status(process.pid(), "VmRSS") / 1024.0);
      row.put("threads", status(process.pid(), "Threads"));
      try (Stream<Path> files = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
        row.put("openFiles", files.count());
      }
      row.put("localMiB", local);
      rows.add(row);
      System.out.printf(
          Locale.ROOT,
          "%-10s %4d  %-8s  %8.1f  %12.1f  %7d  %10d  %9.1f%n",
          row.values().toArray());
    }
  }

  private static String commandLine(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"));
    } catch (IOException ended) {
      return "";
    }
  }

  private static long status(long pid, String name) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
        .filter(line -> line.startsWith(name + ":"))
        .map(line -> line.replaceAll("[^0-9]", ""))
        .mapToLong(Long::parseLong)
        .findFirst()
        .orElseThrow();
  }

  /** The heap in use after full collections, MiB. */
  private static double heapAfterCollection(long pid) throws IOException, InterruptedException {
    // ND4J frees what a collection found unreachable a moment later, which the next one then sees.
    for (int i = 0; i < 3; i++) {
      command(pid, "GC.run");
      Thread.sleep(500);
    }
    // "… total 1048576K, used 123456K …", a line for each generation or one for all.
    return command(pid, "GC.heap_info")
            .lines()
            .filter(line -> line.contains(" used "))
            .filter(line -> !line.contains("Metaspace") && !line.contains("class space"))
            .map(line -> line.replaceAll(".* used ([0-9]+)K.*", "$1"))
            .mapToLong(Long::parseLong)
            .sum()
        / 1024.0;
  }

  private static String command(long pid, String what) throws IOException, InterruptedException {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    Process process =
        new ProcessBuilder(jcmd.toString(), Long.toString(pid), what)
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return said;
  }

  private static double megabytes(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return 0;
    }
    try (Stream<Path> all = Files.walk(folder)) {
      return all.mapToLong(SoakBenchmark::bytes).sum() / 1048576.0;
    }
  }

  private static long bytes(Path file) {
    try {
      return Files.isRegularFile(file) ? Files.size(file) : 0;
    } catch (IOException goneMeanwhile) {
      return 0;
    }
  }
}
