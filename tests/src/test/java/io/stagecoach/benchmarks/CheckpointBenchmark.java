package io.stagecoach.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.stagecoach.batch.LocalStorage;
import io.stagecoach.checkpoint.CheckpointStore;
import io.stagecoach.checkpoint.CheckpointWriter;
import io.stagecoach.checkpoint.Counters;
import io.stagecoach.checkpoint.Fingerprint;
import io.stagecoach.checkpoint.Position;
import io.stagecoach.checkpoint.RecordedPlan;
import io.stagecoach.checkpoint.Retention;
import io.stagecoach.checkpoint.RunState;
import io.stagecoach.checkpoint.WriterFigures;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.spark.exchange.ExchangeKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * What a checkpoint every fifty steps costs: fifty steps with one and fifty without take turns in
 * the same pipeline of two executors.
 *
 * <p>Argument: the JSON file to write.
 */
public final class CheckpointBenchmark {

  private static final int INTERVAL = 50;
  private static final int TURNS = 6;
  private static final int WARM_UP = 20;
  private static final int MICRO_BATCHES = 4;

  /**
   * A model's figures.
   *
   * @param stateMebibytes weights and updater state
   * @param stepMillis a step without checkpoints, median
   * @param heldMillis how long a checkpoint held the steps up
   * @param heldShare the same, as a share of fifty steps
   * @param writeMillis how long it took to write beside the steps
   * @param costShare by how much fifty steps with one took longer than fifty without, over all
   *     turns
   * @param turns seconds of each turn, without and with
   */
  record Result(
      String model,
      long parameters,
      double stateMebibytes,
      double stepMillis,
      double heldMillis,
      double heldShare,
      double writeMillis,
      double costShare,
      List<List<Double>> turns) {}

  private CheckpointBenchmark() {}

  public static void main(String[] arguments) throws Exception {
    Path out = Path.of(arguments[0]).toAbsolutePath();
    Files.createDirectories(out.getParent());
    Path folder = Files.createTempDirectory(out.getParent(), "checkpoint-");
    List<Result> results = new ArrayList<>();
    try (JavaSparkContext spark = TrialApplication.start("checkpoint", 2)) {
      System.out.println(
          "model   parameters  state MiB  step ms  held ms  held %  write ms  cost %");
      for (Workload workload : List.of(Workload.mlp("mlp", 512, 8, 5, 128), gpt())) {
        Result result = measure(spark, workload, folder.resolve(workload.name()));
        results.add(result);
        System.out.printf(
            Locale.ROOT,
            "%-6s  %,10d  %9.1f  %7.2f  %7.2f  %6.2f  %8.1f  %6.2f%n",
            result.model(),
            result.parameters(),
            result.stateMebibytes(),
            result.stepMillis(),
            result.heldMillis(),
            100 * result.heldShare(),
            result.writeMillis(),
            100 * result.costShare());
      }
    } finally {
      new LocalStorage(folder).delete("");
    }
    new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(out.toFile(), results);
    System.exit(0);
  }

  private static Workload gpt() {
    return Workload.gpt("gpt", Map.of("layers", "4", "width", "256", "heads", "8"), 4096, 64, 4);
  }

  private static Result measure(JavaSparkContext spark, Workload workload, Path folder)
      throws IOException {
    Path store = folder.resolve("store");
    workload.write(store, MICRO_BATCHES);
    try (TrialPipeline pipeline =
        new TrialPipeline(
            spark,
            workload,
            store,
            ExchangeKind.STREAMING,
            Schedules.standard().named("1f1b"),
            new PipelineShape(2, MICRO_BATCHES))) {
      Dl4jModelUpdater model = pipeline.model();
      try (CheckpointWriter writer =
          new CheckpointWriter(
              new CheckpointStore(
                  new LocalStorage(folder.resolve("checkpoints")), Clock.systemUTC()),
              new Retention(2, Duration.ZERO),
              model.stateLayout(),
              model.json(),
              Duration.ofMinutes(1))) {
        for (int i = 0; i < WARM_UP; i++) {
          pipeline.step();
        }
        // The first takes the memory of the copy and compiles what writes.
        steps(pipeline, writer, INTERVAL);
        WriterFigures before = writer.figures();
        List<Long> without = new ArrayList<>();
        List<Long> with = new ArrayList<>();
        for (int turn = 0; turn < TURNS; turn++) {
          without.add(steps(pipeline, writer, 0));
          with.add(steps(pipeline, writer, INTERVAL));
        }
        WriterFigures after = writer.figures();
        return result(workload, model, before, after, without, with);
      }
    }
  }

  private static Result result(
      Workload workload,
      Dl4jModelUpdater model,
      WriterFigures before,
      WriterFigures after,
      List<Long> without,
      List<Long> with) {
    long checkpoints = after.written() - before.written();
    if (checkpoints != TURNS || after.failed() > 0) {
      throw new IllegalStateException(checkpoints + " checkpoints were written in " + TURNS);
    }
    double whole = Times.of(without).medianNanos();
    double held = (after.heldNanos() - before.heldNanos()) / (double) checkpoints;
    List<List<Double>> turns = new ArrayList<>();
    for (int i = 0; i < TURNS; i++) {
      turns.add(List.of(without.get(i) / 1e9, with.get(i) / 1e9));
    }
    long width = model.parameters().dataType().width();
    return new Result(
        workload.name(),
        model.parameters().length(),
        (model.parameters().length() + model.flatUpdaterState().length())
            * width
            / (double) (1 << 20),
        whole / INTERVAL / 1e6,
        held / 1e6,
        held / whole,
        (after.writeNanos() - before.writeNanos()) / 1e6 / checkpoints,
        sum(with) / sum(without) - 1,
        turns);
  }

  private static double sum(List<Long> nanos) {
    return nanos.stream().mapToLong(Long::longValue).sum();
  }

  /** Fifty steps; says how long they took. A checkpoint is taken after the first of them. */
  private static long steps(TrialPipeline pipeline, CheckpointWriter writer, int interval) {
    Dl4jModelUpdater model = pipeline.model();
    long start = System.nanoTime();
    for (int i = 0; i < INTERVAL; i++) {
      pipeline.step();
      if (interval > 0 && i == 0) {
        boolean taken =
            writer.offer(
                model.parameters(), model.flatUpdaterState(), () -> state(model.iterations()));
        if (!taken) {
          throw new IllegalStateException("the checkpoint before took longer than fifty steps");
        }
      }
    }
    return System.nanoTime() - start;
  }

  private static RunState state(long step) {
    return new RunState(
        new Position(step, 0, step, 0),
        new Counters(step, 0, 0, 0, 0),
        Workload.SEED,
        new RecordedPlan(List.of(0), MICRO_BATCHES, "1f1b", "streaming", List.of()),
        Fingerprint.of(Map.of()),
        Map.of(),
        "");
  }
}
