package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.engine.dl4j.LayerCosts;
import io.stagecoach.engine.dl4j.Networks;
import io.stagecoach.schedule.EagerOneForwardOneBackward;
import io.stagecoach.schedule.Limits;
import io.stagecoach.schedule.OneForwardOneBackward;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.ScheduleValidator;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleTuningTest {

  private static final int STAGES = 4;
  private static final int MICRO_BATCHES = 16;
  private static final PipelineShape SHAPE = new PipelineShape(STAGES, MICRO_BATCHES);

  private static TrainingPlan plan(Map<String, String> difference) {
    Map<String, String> settings = new TreeMap<>();
    settings.put("stages", String.valueOf(STAGES));
    settings.put("microBatches", String.valueOf(MICRO_BATCHES));
    settings.put("schedule", "eager-1f1b");
    settings.putAll(difference);
    SparkConf spark = new SparkConf(false);
    settings.forEach((name, value) -> spark.set("spark.stagecoach." + name, value));
    MultiLayerConfiguration network = MultiLayerConfiguration.fromJson(Networks.mlp());
    return PipelineChoices.of(
            StagecoachConf.from(spark),
            new Configuration(false),
            rows -> LayerCosts.of(network, rows, 1))
        .byOperations();
  }

  private static StageCosts costs(long hop) {
    return StageCosts.equal(STAGES, 10, 20, hop);
  }

  /** Stage s sends (S−1−s)(1 + ⌈2c/(f+b)⌉) ahead, and stashes one more. */
  @ParameterizedTest
  @ValueSource(longs = {0, 1, 15, 16, 30, 45})
  void asFarAheadAsHopsAreSlow(long hop) {
    TrainingPlan tuned = ScheduleTuning.tuned(plan(Map.of()), costs(hop));
    long rounds = 1 + (2 * hop + 29) / 30;
    for (int stage = 0; stage < STAGES; stage++) {
      long ahead = Math.min(MICRO_BATCHES, (STAGES - 1 - stage) * rounds);
      assertThat(tuned.schedule().peakStash().get(stage))
          .isEqualTo((int) Math.min(MICRO_BATCHES, ahead + 1));
    }
    assertThat(tuned.specs("{}", 1)).isEqualTo(plan(Map.of()).specs("{}", 1));
  }

  @Test
  void neverBeyondTheSlots() {
    TrainingPlan plan = plan(Map.of());
    TrainingPlan tuned = ScheduleTuning.tuned(plan, costs(1_000_000));
    Limits room = Limits.none(STAGES).withStash(plan.slots());
    ScheduleValidator.validate(tuned.schedule(), room);
    assertThat(tuned.schedule().peakStash().get(2)).isEqualTo(5);
  }

  /** Where the room that slow hops would need is too much, the schedule keeps to what there is. */
  @Test
  void theMemoryLimitDecidesOnTheRoom() {
    long roomy = plan(Map.of()).memory();
    TrainingPlan tight = plan(Map.of("memory.limit", roomy - 1 + "b"));
    Schedule usual = new EagerOneForwardOneBackward().schedule(SHAPE);
    assertThat(tight.slots()).isEqualTo(usual.peakStash());
    TrainingPlan tuned = ScheduleTuning.tuned(tight, costs(1_000));
    assertThat(tuned.schedule().peakStash()).isEqualTo(usual.peakStash());
  }

  @Test
  void othersStayAsTheyAre() {
    TrainingPlan plan = plan(Map.of("schedule", "1f1b"));
    assertThat(ScheduleTuning.tuned(plan, costs(40))).isSameAs(plan);
    assertThat(plan.slots())
        .isEqualTo(new OneForwardOneBackward().schedule(SHAPE).peakStash())
        .isEqualTo(List.of(4, 3, 2, 1));
  }
}
