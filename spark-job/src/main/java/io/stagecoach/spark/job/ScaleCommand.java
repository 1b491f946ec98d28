package io.stagecoach.spark.job;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.Quantity;
import io.stagecoach.plan.Stash;
import io.stagecoach.plan.StashRule;
import io.stagecoach.scale.BarrierLoad;
import io.stagecoach.scale.ScaleDescription;
import io.stagecoach.scale.ScalePoint;
import io.stagecoach.scale.ScaleStudy;
import io.stagecoach.schedule.Schedules;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Plans and simulates steps on a cluster that is described in a file. */
@Command(
    name = "scale",
    description =
        "Says what pipelines would do on hardware that is described in a file, up to thousands of"
            + " devices: the passes, the load of the driver, and where synchronizer=driver stops"
            + " scaling (docs/scaling.md).",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ScaleCommand implements Callable<Integer> {

  /** What {@code synchronizer=executor} must gain to be worth naming. */
  private static final double GAIN = 0.1;

  @Option(
      names = "--cluster",
      paramLabel = "FILE",
      required = true,
      description = "The model and the hardware, as JSON.")
  private Path cluster;

  @Option(
      names = "--stages",
      split = ",",
      paramLabel = "S",
      description = "One or several numbers of stages (default: 1,2,4,8).")
  private List<Integer> stages = List.of(1, 2, 4, 8);

  @Option(
      names = "--replicas",
      split = ",",
      paramLabel = "R",
      description = "One or several numbers of pipelines side by side (default: 1).")
  private List<Integer> replicas = List.of(1);

  @Option(
      names = "--micro-batches-per-stage",
      paramLabel = "N",
      description = "A replica's step has N times S micro-batches (default: 4).")
  private int perStage = 4;

  @Option(
      names = "--micro-batch",
      paramLabel = "EXAMPLES",
      description = "Examples in a micro-batch (default: 1).")
  private int microBatch = 1;

  @Option(
      names = "--schedule",
      paramLabel = "NAME",
      description = "Of one chunk for each executor (default: 1f1b).")
  private String schedule = "1f1b";

  @Option(
      names = "--recompute",
      paramLabel = "WHAT",
      description =
          "As spark.stagecoach.recompute: none, stage, or auto, by the devices' memory (default:"
              + " none).")
  private String recompute = "none";

  @Option(names = "--json", paramLabel = "FILE", description = "Writes the same as JSON.")
  private Path json;

  private final PrintStream out;

  ScaleCommand() {
    this(System.out);
  }

  /** Prints its table elsewhere. */
  ScaleCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() {
    try {
      study();
      return 0;
    } catch (StagecoachException e) {
      System.err.println("Stagecoach failed: " + e.getMessage());
      return e.kind().exitCode();
    }
  }

  private void study() {
    if (perStage < 1
        || microBatch < 1
        || stages.stream().anyMatch(s -> s < 1)
        || replicas.stream().anyMatch(r -> r < 1)) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION, "A number is below 1", "Counts are 1 or more.");
    }
    ScaleStudy study =
        new ScaleStudy(read(), Schedules.standard().named(schedule), microBatch, stash());
    out.printf(
        Locale.ROOT,
        "%5s %4s %7s %6s  %9s %7s  %10s  %10s %10s %11s  %11s %11s%n",
        "S",
        "R",
        "devices",
        "M/R",
        "passes s",
        "bubble",
        "memory",
        "driver has",
        "driver s",
        "examples/s",
        "executor s",
        "examples/s");
    List<ScalePoint> points = new ArrayList<>();
    for (int count : stages) {
      for (ScalePoint point : study.points(count, count * perStage, replicas)) {
        line(point);
        points.add(point);
      }
    }
    crossover(points);
    write(points);
  }

  private StashRule stash() {
    return switch (recompute) {
      case "none" -> StashRule.everywhere(Stash.ACTIVATIONS);
      case "stage" -> StashRule.everywhere(Stash.INPUTS);
      case "auto" -> StashRule.asMemoryAllows();
      default ->
          throw new StagecoachException(
              ErrorKind.CONFIGURATION, "--recompute is " + recompute, "It is none, stage or auto.");
    };
  }

  private void line(ScalePoint point) {
    BarrierLoad driver = point.driver();
    out.printf(
        Locale.ROOT,
        "%5d %4d %7d %6d  %9.3f %5.1f %%  %10s%s %10s %10.3f %11.1f  %11.3f %11.1f%n",
        point.stages(),
        point.replicas(),
        point.devices(),
        point.microBatches(),
        point.passesSeconds(),
        100 * point.bubble(),
        Quantity.bytes(point.memoryBytes()),
        point.fits() ? " " : "!",
        Quantity.bytes((long) driver.driverBytes()),
        driver.seconds(),
        point.driverRate(),
        point.executor().seconds(),
        point.executorRate());
  }

  private void crossover(List<ScalePoint> points) {
    if (points.stream().anyMatch(point -> !point.fits())) {
      out.println("! a stage needs more memory than its device has");
    }
    if (recompute.equals("auto")) {
      points.stream()
          .filter(point -> point.recomputing() > 0 && point.replicas() == replicas.get(0))
          .forEach(
              point ->
                  out.printf(
                      "Of %d stages %d keep only their inputs.%n",
                      point.stages(), point.recomputing()));
    }
    OptionalInt from = ScaleStudy.crossover(points, GAIN);
    out.println(
        from.isPresent()
            ? "From "
                + from.getAsInt()
                + " devices on synchronizer=executor is faster by more than a tenth."
            : "synchronizer=executor is nowhere faster by more than a tenth at the largest size.");
  }

  private ScaleDescription read() {
    try {
      return ScaleDescription.read(Files.readString(cluster));
    } catch (IOException e) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION, cluster + " cannot be read: " + e, "Correct --cluster.");
    }
  }

  private void write(List<ScalePoint> points) {
    if (json == null) {
      return;
    }
    try {
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build()
          .writeValue(json.toFile(), points);
    } catch (IOException e) {
      throw new StagecoachException(
          ErrorKind.OUTPUT, "The points cannot be written: " + e, "Name a file that can.");
    }
  }
}
