package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.engine.dl4j.LayerCosts;
import io.stagecoach.engine.dl4j.Networks;
import io.stagecoach.engine.profile.HopTimes;
import io.stagecoach.engine.profile.LayerTimes;
import io.stagecoach.engine.profile.PassTimes;
import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.engine.profile.SizeTimes;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.schedule.Simulator;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.schedule.StepSimulator;
import io.stagecoach.schedule.Ticks;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntToLongFunction;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PipelineChoicesTest {

  private static final MultiLayerConfiguration NETWORK =
      MultiLayerConfiguration.fromJson(Networks.mlp());
  private static final int BATCH = 64;
  private static final Map<String, String> ALL_AUTO =
      Map.of("schedule", "auto", "microBatches", "auto");

  private static ModelCosts costs(int rows) {
    return LayerCosts.of(NETWORK, rows, 1);
  }

  private static PipelineChoices choices(Map<String, String> settings) {
    SparkConf spark = new SparkConf(false);
    spark.set("spark.stagecoach.batchSize", String.valueOf(BATCH));
    settings.forEach((name, value) -> spark.set("spark.stagecoach." + name, value));
    return PipelineChoices.of(
        StagecoachConf.from(spark), new Configuration(false), PipelineChoicesTest::costs);
  }

  private static Map<String, String> with(String... pairs) {
    Map<String, String> settings = new TreeMap<>(ALL_AUTO);
    for (int i = 0; i < pairs.length; i += 2) {
      settings.put(pairs[i], pairs[i + 1]);
    }
    return settings;
  }

  /** All layers alike: forward f, backward 2f, in halves that cost a tenth of f more. */
  private static RunProfile profile(IntToLongFunction forward, HopTimes hops) {
    List<SizeTimes> sizes = new ArrayList<>();
    for (int rows = 1; rows <= BATCH; rows *= 2) {
      long f = forward.applyAsLong(rows);
      List<PassTimes> layers = new ArrayList<>();
      for (int layer = 0; layer < NETWORK.getConfs().size(); layer++) {
        layers.add(new PassTimes(f, 2 * f, 11 * f / 10, f));
      }
      sizes.add(new SizeTimes(rows, layers));
    }
    return new RunProfile(BATCH, costs(BATCH), new LayerTimes(sizes), hops, 1.25);
  }

  /** Each schedule and number by hand: layer times summed up over the cut, and the simulator. */
  private static long step(
      ScheduleAuthor author, int count, TrainingPlan plan, RunProfile profile) {
    int rows = BATCH / count;
    List<Long> forward = new ArrayList<>();
    List<Long> backward = new ArrayList<>();
    List<Long> weights = new ArrayList<>();
    boolean split = author.name().equals("zb-h1");
    long bytes = 0;
    for (PlannedStage stage : plan.plan().stages()) {
      PassTimes layer = profile.layers().layer(0, rows);
      forward.add(stage.layers() * layer.forward());
      backward.add(
          stage.layers()
              * (split ? layer.backwardInput() + layer.backwardWeights() : layer.backward()));
      weights.add(split ? stage.layers() * layer.backwardWeights() : 0);
      if (stage.endLayer() < NETWORK.getConfs().size()) {
        bytes = Math.max(bytes, costs(rows).bytesInto(stage.endLayer()));
      }
    }
    StageCosts costs = new StageCosts(forward, backward, weights, profile.hops().of(bytes));
    PipelineShape shape = new PipelineShape(plan.plan().stages().size(), count);
    return StepSimulator.simulate(author.tunedTo(costs), shape, costs).makespan();
  }

  @Test
  void replicasChooseAsOnePipelineDoesWithItsShare() {
    RunProfile profile = profile(rows -> 500 + 1_000L * rows, new HopTimes(300, 0.5));
    PipelineChoice choice = choices(with("stages", "2", "replicas", "2")).by(profile);
    Schedule chosen = choice.plan().schedule();
    assertThat(chosen.executors()).hasSize(4);
    assertThat(chosen.microBatches()).isGreaterThanOrEqualTo(2);
    int count = chosen.microBatches();
    assertThat(choice.reason()).contains("microBatches=" + count);
    StageCosts one =
        profile.costs(
            choice.plan().plan(), choice.plan().rows(), PipelineChoices.backward(choice.plan()));
    assertThat(
            StepSimulator.simulate(choice.plan().author(), new PipelineShape(2, count / 2), one)
                .makespan())
        .isEqualTo(Simulator.simulate(chosen, one.replicated(2)).makespan());
  }

  @ParameterizedTest
  @CsvSource({"2, 0, 0", "3, 100, 0", "2, 5000, 20000", "4, 3000, 500", "3, 50000, 0"})
  void takesTheFastestOfAll(int stages, long fixed, long hop) {
    RunProfile profile = profile(rows -> fixed + 1_000L * rows, new HopTimes(hop, 0.5));
    Map<String, String> settings = with("stages", String.valueOf(stages));
    long best = Long.MAX_VALUE;
    for (ScheduleAuthor author : Schedules.standard().forChunks(1)) {
      for (int count = 1; count <= BATCH; count *= 2) {
        TrainingPlan plan =
            choices(
                    with(
                        "stages",
                        String.valueOf(stages),
                        "schedule",
                        author.name(),
                        "microBatches",
                        String.valueOf(count)))
                .by(profile)
                .plan();
        best = Math.min(best, step(author, count, plan, profile));
      }
    }
    PipelineChoice choice = choices(settings).by(profile);
    TrainingPlan plan = choice.plan();
    int count = plan.schedule().microBatches();
    ScheduleAuthor author = Schedules.standard().named(plan.author().name());
    assertThat((double) step(author, count, plan, profile)).isLessThanOrEqualTo(1.01 * best);
    assertThat(choice.reason())
        .matches(
            "schedule=[a-z0-9-]+, microBatches=[0-9]+: simulated step [0-9.]+ ms, bubble [0-9.]+ %"
                + ", against .*; hop [0-9.]+ ms, measured in 1\\.[23] s");
    PipelineChoice again = choices(settings).by(profile);
    assertThat(again.reason()).isEqualTo(choice.reason());
    assertThat(again.plan().schedule()).isEqualTo(plan.schedule());
    assertThat(again.plan().plan()).isEqualTo(plan.plan());
  }

  @Test
  void smallMicroBatchesAreWorthWhatTheyCost() {
    RunProfile proportional = profile(rows -> 1_000L * rows, HopTimes.NONE);
    RunProfile constant = profile(rows -> 1_000_000L, HopTimes.NONE);
    assertThat(choices(ALL_AUTO).by(proportional).plan().schedule().microBatches())
        .isGreaterThan(16);
    assertThat(choices(ALL_AUTO).by(constant).plan().schedule().microBatches()).isEqualTo(1);
  }

  @Test
  void whatTheSettingsSayStays() {
    RunProfile profile = profile(rows -> 1_000L * rows, HopTimes.NONE);
    PipelineChoice five = choices(Map.of("schedule", "auto", "microBatches", "5")).by(profile);
    assertThat(five.plan().schedule().microBatches()).isEqualTo(5);
    assertThat(five.reason()).startsWith("schedule=zb-h1: simulated step ");
    PipelineChoice gpipe = choices(Map.of("schedule", "gpipe", "microBatches", "auto")).by(profile);
    assertThat(gpipe.plan().author().name()).isEqualTo("gpipe");
    assertThat(gpipe.reason()).startsWith("microBatches=");
    PipelineChoice chunks = choices(with("chunks", "2")).by(profile);
    assertThat(chunks.plan().author().name()).isIn("interleaved-1f1b", "looped-bfs");
    assertThat(choices(Map.of()).open()).isEmpty();
  }

  /** Were there no limit, the largest micro-batches would be fastest. */
  @Test
  void theMemoryLimitHolds() {
    RunProfile profile = profile(rows -> 1_000_000L, HopTimes.NONE);
    TrainingPlan free = choices(ALL_AUTO).by(profile).plan();
    List<Integer> chosen = new ArrayList<>();
    long limit = free.memory();
    while (limit > 0) {
      try {
        TrainingPlan plan = choices(with("memory.limit", limit + "b")).by(profile).plan();
        assertThat(plan.memory()).isLessThanOrEqualTo(limit);
        chosen.add(plan.schedule().microBatches());
        limit -= limit / 20;
      } catch (StagecoachException e) {
        assertThat(e.kind()).isEqualTo(ErrorKind.PLAN);
        limit = 0;
      }
    }
    assertThat(chosen).startsWith(1).endsWith(64).isSorted();
    assertThatThrownBy(() -> choices(with("memory.limit", "1k")).byOperations())
        .isInstanceOf(StagecoachException.class);
  }

  @Test
  void measuredTimesDecideTheCut() {
    List<PassTimes> layers = new ArrayList<>();
    for (int layer = 0; layer < NETWORK.getConfs().size(); layer++) {
      long f = layer == 0 ? 1_000_000 : 1_000;
      layers.add(new PassTimes(f, f, f, f));
    }
    RunProfile profile =
        new RunProfile(
            BATCH,
            costs(BATCH),
            new LayerTimes(List.of(new SizeTimes(BATCH, layers))),
            HopTimes.NONE,
            1);
    PipelineChoices measured = choices(Map.of("partitioner", "measured"));
    assertThat(measured.open()).containsExactly("partitioner");
    assertThat(measured.by(profile).plan().plan().stages().get(0).layers()).isEqualTo(1);
    assertThat(measured.by(profile).reason()).startsWith("partitioner=measured: simulated step ");
    assertThat(measured.byOperations().plan().stages().get(0).layers()).isGreaterThan(1);
    PipelineChoices uniform = choices(with("partitioner", "uniform"));
    assertThat(uniform.by(profile).plan().plan().stages().get(0).layers()).isGreaterThan(1);
  }

  @Test
  void byShuffleItIsTicksThatCount() {
    RunProfile dear = profile(rows -> 1_000L * rows, new HopTimes(50_000_000, 0));
    PipelineChoice choice = choices(with("exchange", "shuffle")).by(dear);
    StageCosts costs = StageCosts.equal(2, 1, 2, 0);
    assertThat(Ticks.cheapest(choice.plan().schedule(), costs, 1_000_000).count())
        .as("there and back is three ticks")
        .isEqualTo(3);
    assertThat(choice.reason()).contains("simulated step 151 ms").contains("hop 50.0 ms");
  }
}
