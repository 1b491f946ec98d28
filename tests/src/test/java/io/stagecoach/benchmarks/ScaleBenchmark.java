package io.stagecoach.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.stagecoach.batch.LocalStorage;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.engine.profile.HopTimes;
import io.stagecoach.plan.Stash;
import io.stagecoach.plan.StashRule;
import io.stagecoach.scale.DescribedDevice;
import io.stagecoach.scale.DescribedDriver;
import io.stagecoach.scale.DescribedModel;
import io.stagecoach.scale.DescribedNetwork;
import io.stagecoach.scale.ScaleDescription;
import io.stagecoach.scale.ScalePoint;
import io.stagecoach.scale.ScaleStudy;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.spark.cluster.HopProbe;
import io.stagecoach.spark.cluster.Recovery;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What {@code simulate scale} says of this machine beside what is measured on it: stages whose
 * passes take known times, with real weights, messages and updates, on two to four executors with
 * either synchronizer. The machine's description is measured first: hops between two executors, and
 * an update in one thread.
 *
 * <p>Arguments: the JSON file to write, and the shapes, such as {@code 2x1,2x2}.
 */
public final class ScaleBenchmark {

  /** Of one width, and a small output behind them. */
  private static final int LAYERS = 12;

  private static final int WIDTH = 800;
  private static final int MICRO_BATCHES = 8;
  private static final long FORWARD = 5_000_000;
  private static final long BACKWARD = 10_000_000;
  private static final int WARM_UP = 4;
  private static final int STEPS = 12;
  private static final int UPDATES = 12;

  private final Workload workload = Workload.mlp("paced", WIDTH, LAYERS, 2, 1);
  private final String paced = PacedEngine.model(FORWARD, BACKWARD, LAYERS, workload.model());
  private final ScheduleAuthor author = Schedules.standard().named("1f1b");
  private final Path folder;
  private final List<Map<String, Object>> rows = new ArrayList<>();

  private ScaleBenchmark(Path folder) {
    this.folder = folder;
  }

  /** What was measured of the machine. */
  private record Machine(HopTimes hops, double updateBytesPerSecond) {}

  public static void main(String[] arguments) throws Exception {
    Path out = Path.of(arguments[0]).toAbsolutePath();
    Files.createDirectories(out.getParent());
    Path folder = Files.createTempDirectory(out.getParent(), "scale-");
    try {
      ScaleBenchmark benchmark = new ScaleBenchmark(folder);
      benchmark.workload.write(folder.resolve("store"), 2 * MICRO_BATCHES);
      benchmark.measure((arguments.length > 1 ? arguments[1] : "2x1,3x1,4x1,2x2").split(",", -1));
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .writeValue(out.toFile(), benchmark.rows);
    } finally {
      new LocalStorage(folder).delete("");
    }
    System.exit(0);
  }

  private void measure(String[] shapes) {
    Machine machine = machine();
    System.out.printf(
        Locale.ROOT,
        "a hop takes %.3f ms and %.2f GB/s, an update %.2f GB/s%n%s%n",
        machine.hops().fixed() / 1e6,
        1 / machine.hops().perByte(),
        machine.updateBytesPerSecond() / 1e9,
        "S x R  synchronizer  passes ms  barrier ms  measured   step ms  measured  ratio");
    for (String shape : shapes) {
      String[] sides = shape.split("x", 2);
      int stages = Integer.parseInt(sides[0]);
      int replicas = Integer.parseInt(sides[1]);
      ScalePoint point = point(machine, stages, replicas);
      try (JavaSparkContext spark =
          TrialApplication.start("scale", stages * replicas, PacedEngine.jar(folder))) {
        for (boolean onExecutors : new boolean[] {false, true}) {
          row(point, onExecutors, took(spark, stages, replicas, onExecutors));
        }
      }
    }
  }

  private Machine machine() {
    try (JavaSparkContext spark = TrialApplication.start("scale", 2, PacedEngine.jar(folder))) {
      List<StageSpec> specs =
          IntStream.range(0, 2)
              .mapToObj(
                  stage -> new StageSpec(paced, stage, 2, stage, stage + 1, 1, Recompute.NONE, 0))
              .toList();
      HopTimes hops =
          HopProbe.measure(
              PacedPipeline.spec(spark, specs, 1, author, folder.resolve("store")),
              new Recovery(0, 0, Duration.ofSeconds(1), 2),
              Long.MAX_VALUE,
              Duration.ofSeconds(4));
      return new Machine(hops, updateRate());
    }
  }

  /** Bytes that an update reads and writes in a second: weight, gradient and Adam's two states. */
  private double updateRate() {
    try (Dl4jModelUpdater model = Dl4jModelUpdater.create(workload.model());
        INDArray gradients = Nd4j.rand(DataType.FLOAT, model.parameters().length())) {
      List<Long> nanos = new ArrayList<>();
      for (int i = 0; i < UPDATES; i++) {
        long start = System.nanoTime();
        model.update(gradients, 1, i, 0);
        nanos.add(System.nanoTime() - start);
      }
      double bytes = 7.0 * Float.BYTES * model.parameters().length();
      return bytes / (Times.of(nanos.subList(UPDATES / 3, UPDATES)).medianNanos() / 1e9);
    }
  }

  /**
   * What is to be expected. Executors share the processors, each of which a description takes to be
   * its executor's own: where there are more of the one than of the other, they are slower.
   */
  private ScalePoint point(Machine machine, int stages, int replicas) {
    double share =
        Math.min(1.0, (double) Runtime.getRuntime().availableProcessors() / (stages * replicas));
    double rate = 1e9 / machine.hops().perByte();
    double latency = machine.hops().fixed() / 1e9;
    long parameters = (long) WIDTH * WIDTH + WIDTH;
    DescribedModel model =
        new DescribedModel(
            WIDTH * Float.BYTES,
            Float.BYTES,
            2,
            List.of(
                new DescribedModel.LayerGroup(
                    LAYERS, "dense", parameters, FORWARD, BACKWARD, WIDTH * Float.BYTES, 0),
                new DescribedModel.LayerGroup(
                    1, "output", 2L * WIDTH + 2, 1, 1, 2 * Float.BYTES, 0)));
    ScaleDescription description =
        new ScaleDescription(
            model,
            List.of(
                new DescribedDevice(
                    "core", 1, 1e9, Long.MAX_VALUE, machine.updateBytesPerSecond() * share)),
            new DescribedNetwork(latency, rate * share),
            new DescribedDriver(rate, machine.updateBytesPerSecond(), latency));
    return new ScaleStudy(description, author, 1, StashRule.everywhere(Stash.ACTIVATIONS))
        .points(stages, MICRO_BATCHES, List.of(replicas))
        .get(0);
  }

  /** The mean of some steps one after another, in milliseconds. */
  private double took(JavaSparkContext spark, int stages, int replicas, boolean onExecutors) {
    try (PacedPipeline pipeline =
        new PacedPipeline(
            spark,
            workload,
            paced,
            folder.resolve("store"),
            firstLayers(stages),
            replicas,
            MICRO_BATCHES,
            author,
            onExecutors)) {
      for (int step = 0; step < WARM_UP; step++) {
        pipeline.step();
      }
      long start = System.nanoTime();
      for (int step = 0; step < STEPS; step++) {
        pipeline.step();
      }
      return (System.nanoTime() - start) / 1e6 / STEPS;
    }
  }

  /** The cut that the study makes: the output adds next to nothing. */
  private static List<Integer> firstLayers(int stages) {
    return IntStream.range(0, stages).mapToObj(stage -> stage * LAYERS / stages).toList();
  }

  private void row(ScalePoint point, boolean onExecutors, double measured) {
    double passes = point.passesSeconds() * 1e3;
    double barrier = (onExecutors ? point.executor() : point.driver()).seconds() * 1e3;
    String name = onExecutors ? "executor" : "driver";
    System.out.printf(
        Locale.ROOT,
        "%d x %d  %-12s  %9.1f  %10.1f  %8.1f  %8.1f  %8.1f  %5.3f%n",
        point.stages(),
        point.replicas(),
        name,
        passes,
        barrier,
        measured - passes,
        passes + barrier,
        measured,
        measured / (passes + barrier));
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("stages", point.stages());
    row.put("replicas", point.replicas());
    row.put("synchronizer", name);
    row.put("passesMillis", passes);
    row.put("barrierMillis", barrier);
    row.put("measuredMillis", measured);
    rows.add(row);
  }
}
