package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.dl4j.Dl4jModel;
import io.stagecoach.engine.dl4j.LayerCosts;
import io.stagecoach.engine.dl4j.Networks;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.schedule.Action;
import io.stagecoach.spark.config.PlanFile;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.tensor.WireType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;

class TrainingPlanTest {

  private static final Dl4jModel NETWORK = Dl4jModel.parse(Networks.mlp());

  private static final List<String> NAMES =
      LayerCosts.of(NETWORK, 1, 1).layers().stream().map(LayerCost::name).toList();

  private static TrainingPlan plan(Map<String, String> settings) {
    return PipelineChoices.of(
            conf(settings), new Configuration(false), rows -> LayerCosts.of(NETWORK, rows, 1))
        .byOperations();
  }

  private static StagecoachConf conf(Map<String, String> settings) {
    SparkConf spark = new SparkConf(false);
    spark.set("spark.stagecoach.batchSize", "4096");
    settings.forEach((name, value) -> spark.set("spark.stagecoach." + name, value));
    return StagecoachConf.from(spark);
  }

  /** What a run was left to choose is told to the next one by the plan that it wrote. */
  @Test
  void aWrittenPlanIsThatPlanOnceMore(@TempDir Path directory) throws IOException {
    List<Map<String, String>> runs =
        List.of(
            Map.of("stages", "3", "microBatches", "5", "replicas", "2"),
            Map.of("schedule", "auto", "microBatches", "auto", "partitioner", "uniform"),
            Map.of("schedule", "interleaved-1f1b", "chunks", "2", "pin.stages", "0:a,1:b"),
            Map.of("pin.layers", "0-1:0", "memory.limit", "1g", "recompute", "auto"),
            Map.of("recompute", "stage", "gradientBlocks", "2"));
    for (Map<String, String> run : runs) {
      TrainingPlan first = plan(run);
      Path file = directory.resolve("plan.json");
      Files.writeString(file, WrittenPlan.of(conf(run), first));

      SparkConf again = new SparkConf(false).set("spark.stagecoach.batchSize", "4096");
      again.set("spark.stagecoach.plan.file", file.toUri().toString());
      PlanFile.expand(again);
      StagecoachConf conf = StagecoachConf.from(again);
      TrainingPlan second =
          PipelineChoices.of(
                  conf, new Configuration(false), rows -> LayerCosts.of(NETWORK, rows, 1))
              .byOperations();

      assertThat(second.plan().stages()).as("%s", run).isEqualTo(first.plan().stages());
      assertThat(second.schedule()).isEqualTo(first.schedule());
      assertThat(second.slots()).isEqualTo(first.slots());
      assertThat(second.specs("{}", 1)).isEqualTo(first.specs("{}", 1));
      assertThat(second.blocks()).isEqualTo(first.blocks());
      assertThat(conf.pinStages()).isEqualTo(conf(run).pinStages());
    }
  }

  private static boolean fits(String recompute, long limit) {
    try {
      plan(Map.of("recompute", recompute, "memory.limit", limit + "b"));
      return true;
    } catch (StagecoachException e) {
      assertThat(e.kind()).isEqualTo(ErrorKind.PLAN);
      return false;
    }
  }

  @Test
  void halvesOnTheWireAreRefusedForANetworkOfDoubles() {
    assertThatThrownBy(() -> WireTypeCheck.check(WireType.FLOAT16, DataType.DOUBLE))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessageContaining("float64");
    WireTypeCheck.check(WireType.FLOAT16, DataType.FLOAT);
    WireTypeCheck.check(WireType.FLOAT32, DataType.DOUBLE);
  }

  @Test
  void recomputeIsChosenByTheMemoryLimit() {
    assertThat(plan(Map.of("recompute", "auto")).recompute()).containsOnly(Recompute.NONE);
    long tight = 1024;
    while (!fits("stage", tight)) {
      tight += tight / 50;
    }
    assertThat(fits("none", tight)).as("a limit that tells them apart").isFalse();
    TrainingPlan chosen = plan(Map.of("recompute", "auto", "memory.limit", tight + "b"));
    assertThat(chosen.recompute()).contains(Recompute.STAGE);
    assertThat(chosen.specs("{}", 1))
        .extracting(StageSpec::recompute)
        .isEqualTo(chosen.recompute());
    long wide = tight;
    while (!fits("none", wide)) {
      wide *= 2;
    }
    assertThat(plan(Map.of("recompute", "auto", "memory.limit", wide + "b")).recompute())
        .containsOnly(Recompute.NONE);
    assertThatThrownBy(() -> plan(Map.of("recompute", "auto", "memory.limit", "1k")))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PLAN));
  }

  /**
   * Where some stages do, they are the only ones, and a run that is given the plan does the same.
   */
  @Test
  void eachStageHasItsOwnRecompute(@TempDir Path directory) throws IOException {
    TrainingPlan told = plan(Map.of("stages", "3", "recompute", "stage,none,stage"));
    assertThat(told.recompute()).containsExactly(Recompute.STAGE, Recompute.NONE, Recompute.STAGE);
    assertThat(told.specs("{}", 1)).extracting(StageSpec::recompute).isEqualTo(told.recompute());
    assertThat(told.table(Optional.empty())).contains("recompute");
    Map<String, String> some = new HashMap<>(Map.of("stages", "2", "recompute", "auto"));
    long limit = plan(Map.of("stages", "2")).memory();
    TrainingPlan mixed = null;
    while (mixed == null || mixed.recompute().stream().distinct().count() == 1) {
      limit -= limit / 100;
      some.put("memory.limit", limit + "b");
      mixed = plan(some);
    }
    assertThat(mixed.memory()).isLessThanOrEqualTo(limit);
    String written = WrittenPlan.of(conf(some), mixed);
    assertThat(written).contains("\"recompute\" : [ ");
    Path file = Files.writeString(directory.resolve("plan.json"), written);
    SparkConf again = new SparkConf(false).set("spark.stagecoach.batchSize", "4096");
    again.set("spark.stagecoach.plan.file", file.toUri().toString());
    PlanFile.expand(again);
    TrainingPlan second =
        PipelineChoices.of(
                StagecoachConf.from(again),
                new Configuration(false),
                rows -> LayerCosts.of(NETWORK, rows, 1))
            .byOperations();
    assertThat(second.specs("{}", 1)).isEqualTo(mixed.specs("{}", 1));
    assertThat(second.plan().stages()).isEqualTo(mixed.plan().stages());
  }

  /** Their weights, updater state and what they mirror count where stages update themselves. */
  @Test
  void slicesCountInThePlansMemory() {
    TrainingPlan driver = plan(Map.of());
    TrainingPlan executor = plan(Map.of("synchronizer", "executor"));
    assertThat(driver.plan().stages()).allMatch(stage -> stage.memory().update() == 0);
    assertThat(executor.plan().stages()).allMatch(stage -> stage.memory().update() > 0);
    assertThatThrownBy(
            () -> plan(Map.of("synchronizer", "executor", "memory.limit", driver.memory() + "b")))
        .isInstanceOfSatisfying(
            StagecoachException.class,
            e -> {
              assertThat(e.kind()).isEqualTo(ErrorKind.PLAN);
              assertThat(e.remedy()).contains("spark.stagecoach.synchronizer=driver");
            });
    assertThat(
            plan(Map.of("synchronizer", "executor", "memory.limit", executor.memory() + "b"))
                .memory())
        .isLessThanOrEqualTo(executor.memory());
  }

  @Test
  void chunksMakeMoreAndSmallerStages() {
    TrainingPlan plan = plan(Map.of("schedule", "interleaved-1f1b", "chunks", "2"));
    assertThat(plan.plan().stages()).hasSize(4);
    assertThat(plan.schedule().executors()).hasSize(2);
    assertThatThrownBy(() -> plan(Map.of("schedule", "1f1b", "chunks", "2")))
        .isInstanceOfSatisfying(
            StagecoachException.class,
            e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION));
  }

  @Test
  void replicasHaveTheSameStagesAndShareTheMicroBatches() {
    TrainingPlan one = plan(Map.of("microBatches", "4"));
    TrainingPlan two = plan(Map.of("microBatches", "8", "replicas", "2"));
    assertThat(two.plan().stages()).hasSize(2);
    assertThat(two.slots()).isEqualTo(one.slots());
    assertThat(two.schedule().executors()).hasSize(4);
    assertThat(two.schedule().microBatches()).isEqualTo(8);
    assertThat(two.predictedBubble()).isEqualTo(one.predictedBubble());
    List<StageSpec> specs = two.specs("{}", 1);
    assertThat(specs).extracting(StageSpec::stage).containsExactly(0, 1, 2, 3);
    assertThat(specs).extracting(StageSpec::replica).containsExactly(0, 0, 1, 1);
    assertThat(specs).extracting(StageSpec::isFirst).containsExactly(true, false, true, false);
    assertThat(specs).extracting(StageSpec::isLast).containsExactly(false, true, false, true);
    assertThat(specs.get(3).firstLayer()).isEqualTo(specs.get(1).firstLayer());
    assertThat(two.table(Optional.empty()))
        .startsWith(two.plan().table())
        .contains("2 replicas of these stages on 4 executors", "takes 4 of a mini-batch's 8");
    // 4,096 examples in 5 micro-batches of 820 and 816.
    assertThat(plan(Map.of("microBatches", "5", "replicas", "2")).schedule().actionsOf(0))
        .filteredOn(Action::isCompute)
        .hasSize(2 * 3);
    assertThatThrownBy(() -> plan(Map.of("batchSize", "9", "microBatches", "8", "replicas", "6")))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessageContaining("is cut into 5 micro-batches, and there are 6 replicas");
  }

  @Test
  void layersAreWhereTheyArePinned() {
    String last = NAMES.get(NAMES.size() - 1);
    List<PlannedStage> free = plan(Map.of()).plan().stages();
    int moved = free.get(1).firstLayer();
    for (String pin :
        List.of(moved + ":0", NAMES.get(moved) + ":0", "0-" + NAMES.get(moved) + ":0")) {
      List<PlannedStage> stages = plan(Map.of("pin.layers", pin)).plan().stages();
      assertThat(stages.get(1).firstLayer()).as(pin).isGreaterThan(moved);
    }
    List<PlannedStage> chunked =
        plan(Map.of("schedule", "interleaved-1f1b", "chunks", "2", "pin.layers", last + ":1,0:0"))
            .plan()
            .stages();
    assertThat(chunked).hasSize(4);
    assertThatThrownBy(() -> plan(Map.of("pin.layers", "0:0," + last + ":0")))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessageContaining("\"" + last + ":0\" is impossible");
    assertThatThrownBy(() -> plan(Map.of("pin.layers", "1-3:0,0:1", "stages", "2")))
        .hasMessageContaining("\"0:1\" is impossible");
    assertThatThrownBy(() -> plan(Map.of("pin.layers", "1:1,2:0", "stages", "3")))
        .hasMessageContaining("The pins \"1:1\" and \"2:0\" contradict each other");
    assertThatThrownBy(() -> plan(Map.of("pin.layers", "layr1:1")))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessageContaining("no layer \"layr1\"; the nearest is \"layer1\"");
    assertThatThrownBy(() -> plan(Map.of("pin.layers", "3-1:1")))
        .hasMessageContaining("\"3-1:1\", a range that ends before it begins");
    assertThatThrownBy(() -> plan(Map.of("pin.layers", "1:1", "cut", "0,2")))
        .hasMessageContaining("The cut [0, 2] and the pin \"1:1\" contradict each other");
  }

  @Test
  void aScheduleMayComeFromAFile(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("mine.txt");
    Files.writeString(
        file,
        """
        schedule mine stages 2 micro-batches 2 passes forward-and-backward
        0: F0.0 F0.1 B0.0 B0.1
        1: F1.0 F1.1 B1.0 B1.1
        """);
    Map<String, String> settings =
        Map.of("schedule.file", file.toUri().toString(), "microBatches", "2");
    assertThat(plan(settings).schedule().name()).isEqualTo("mine");
    Files.writeString(file, Files.readString(file).replace("B1.0 B1.1", "B1.1 B1.0"));
    assertThatThrownBy(() -> plan(settings))
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining(file.getFileName().toString())
        .hasMessageContaining(">B1.0<");
  }
}
