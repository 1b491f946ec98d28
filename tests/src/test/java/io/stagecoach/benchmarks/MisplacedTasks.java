package io.stagecoach.benchmarks;

import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.Partitioners;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.spark.cluster.Pipeline;
import io.stagecoach.spark.cluster.PipelineSpec;
import io.stagecoach.spark.cluster.StageAddress;
import io.stagecoach.spark.exchange.ExchangeKind;
import io.stagecoach.spark.job.KeptWeightsPipeline;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.VoidFunction;
import scala.Tuple2;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.reflect.ClassTag$;

/**
 * Trains by {@code exchange=shuffle} on executors with one slot each, of which other jobs of the
 * application occupy some: Spark, which is told not to wait for them, has to put a stage's task
 * elsewhere. Prints a line of each run; its test reads them.
 *
 * <p>Arguments: a directory for its files, and a jar with this class, for the executors.
 */
public final class MisplacedTasks {

  private static final int EXECUTORS = 4;
  private static final int MICRO_BATCHES = 4;
  private static final int STEPS_BEFORE = 2;
  private static final int STEPS_AFTER = 3;

  private final JavaSparkContext spark;
  private final Path folder;
  private final Workload workload = Workload.mlp("mlp", 16, 8, 3, 6);
  private final ScheduleAuthor author = Schedules.standard().named("1f1b");

  private MisplacedTasks(JavaSparkContext spark, Path folder) {
    this.spark = spark;
    this.folder = folder;
  }

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    String jar = Pipeline.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    SparkConf conf =
        new SparkConf()
            .setAppName("misplaced")
            .setMaster("local-cluster[" + EXECUTORS + ",1,1024]")
            .setJars(new String[] {jar, arguments[1]})
            .set("spark.executor.memory", "1g")
            .set("spark.executorEnv.OMP_NUM_THREADS", "1")
            .set("spark.locality.wait", "0")
            .set("spark.ui.enabled", "false");
    try (JavaSparkContext spark = new JavaSparkContext(conf)) {
      MisplacedTasks tasks = new MisplacedTasks(spark, folder);
      tasks.workload.write(folder.resolve("store"), MICRO_BATCHES);
      tasks.run();
    }
    System.exit(0);
  }

  private TrialPipeline pipeline(int executors) {
    return new TrialPipeline(
        spark,
        workload,
        folder.resolve("store"),
        ExchangeKind.SHUFFLE,
        author,
        new PipelineShape(executors, MICRO_BATCHES));
  }

  /** One that comes later would be given tasks that are meant for others. */
  private void awaitExecutors() throws InterruptedException {
    // The driver counts as one more.
    while (spark.sc().statusTracker().getExecutorInfos().length <= EXECUTORS) {
      Thread.sleep(50);
    }
  }

  private void run() throws IOException, InterruptedException {
    awaitExecutors();
    double[] undisturbed;
    try (TrialPipeline pipeline = pipeline(2)) {
      steps(pipeline, STEPS_BEFORE + STEPS_AFTER);
      undisturbed = pipeline.weights();
    }
    try (TrialPipeline pipeline = pipeline(2)) {
      steps(pipeline, STEPS_BEFORE);
      StageAddress before = pipeline.stages().get(0);
      try (Occupied occupied = new Occupied(before)) {
        occupied.await();
        steps(pipeline, STEPS_AFTER);
      }
      StageAddress after = pipeline.stages().get(0);
      System.out.println(
          "MOVED "
              + !before.executor().equals(after.executor())
              + ", WEIGHTS "
              + (Arrays.equals(undisturbed, pipeline.weights()) ? "identical" : "different"));
    }
    keptWeightsMove(undisturbed);
    try (TrialPipeline pipeline = pipeline(EXECUTORS)) {
      steps(pipeline, STEPS_BEFORE);
      try (Occupied occupied = new Occupied(pipeline.stages().get(0))) {
        occupied.await();
        pipeline.step();
        System.out.println("NO ROOM, and no error");
      } catch (StagecoachException e) {
        System.out.println("NO ROOM " + e.kind() + ": " + e.getMessage());
      }
    }
  }

  /**
   * Both executors of stages that keep their weights are occupied, until the stages are placed
   * elsewhere: what these go on from is only to be had from those that they have left.
   */
  private void keptWeightsMove(double[] undisturbed) throws IOException {
    PipelineSpec spec =
        TrialPipeline.spec(
            spark,
            workload,
            folder.resolve("store"),
            ExchangeKind.SHUFFLE,
            author,
            new PipelineShape(2, MICRO_BATCHES),
            Partitioners.named("balanced"));
    List<Occupied> occupied = new ArrayList<>();
    try (KeptWeightsPipeline pipeline =
        new KeptWeightsPipeline(spec, workload.model(), author.name(), () -> free(occupied))) {
      for (int step = 0; step < STEPS_BEFORE; step++) {
        pipeline.step(workload.slices(MICRO_BATCHES));
      }
      List<StageAddress> before = pipeline.stages();
      for (StageAddress stage : before) {
        occupied.add(new Occupied(stage));
        occupied.get(occupied.size() - 1).await();
      }
      for (int step = 0; step < STEPS_AFTER; step++) {
        pipeline.step(workload.slices(MICRO_BATCHES));
      }
      boolean moved =
          pipeline.stages().stream()
              .map(StageAddress::executor)
              .noneMatch(before.stream().map(StageAddress::executor).toList()::contains);
      System.out.println(
          "KEPT MOVED "
              + moved
              + ", WEIGHTS "
              + (Arrays.equals(undisturbed, pipeline.weights()) ? "identical" : "different"));
    } finally {
      free(occupied);
    }
  }

  private static void free(List<Occupied> occupied) {
    try {
      for (Occupied one : occupied) {
        one.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    occupied.clear();
  }

  private static void steps(TrialPipeline pipeline, int count) {
    for (int step = 0; step < count; step++) {
      pipeline.step();
    }
  }

  /** An executor whose only slot has a task of another job, until this is closed. */
  private final class Occupied implements AutoCloseable {

    private final StageAddress executor;
    private final Path begun;
    private final Path free;
    private final CompletableFuture<Void> job;

    Occupied(StageAddress executor) throws IOException {
      this.executor = executor;
      Path files = Files.createTempDirectory(folder, "occupied");
      begun = files.resolve("begun");
      free = files.resolve("free");
      JavaRDD<String> there = on(executor, files.toString());
      job = CompletableFuture.runAsync(() -> there.foreach(new Occupy()));
    }

    void await() throws IOException {
      awaitFile(begun);
      String where = Files.readString(begun);
      if (!where.equals(executor.executor())) {
        throw new IllegalStateException("the occupying task is on executor " + where);
      }
    }

    private JavaRDD<String> on(StageAddress executor, String file) {
      String location = "executor_" + executor.host() + "_" + executor.executor();
      Seq<String> locations = JavaConverters.asScalaBuffer(List.of(location)).toSeq();
      Seq<Tuple2<String, Seq<String>>> elements =
          JavaConverters.asScalaBuffer(List.of(new Tuple2<>(file, locations))).toSeq();
      return spark
          .sc()
          .makeRDD(elements, ClassTag$.MODULE$.<String>apply(String.class))
          .toJavaRDD();
    }

    @Override
    public void close() throws IOException {
      Files.writeString(free, "");
      job.join();
    }
  }

  /** Says that it has begun, and ends when it is told. */
  private static final class Occupy implements VoidFunction<String> {

    private static final long serialVersionUID = 1L;

    @Override
    public void call(String files) throws IOException {
      Path begun = Path.of(files, "begun.part");
      Files.writeString(begun, org.apache.spark.SparkEnv.get().executorId());
      Files.move(begun, Path.of(files, "begun"));
      awaitFile(Path.of(files, "free"));
    }
  }

  private static void awaitFile(Path file) {
    long end = System.nanoTime() + 120_000_000_000L;
    while (!Files.exists(file)) {
      if (System.nanoTime() > end) {
        throw new UncheckedIOException(new IOException(file + " does not come"));
      }
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }
  }
}
