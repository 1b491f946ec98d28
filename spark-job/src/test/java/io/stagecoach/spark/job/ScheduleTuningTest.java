package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.engine.Loss;
import io.stagecoach.engine.dl4j.LayerCosts;
import io.stagecoach.engine.dl4j.Networks;
import io.stagecoach.report.RunReport;
import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.EagerOneForwardOneBackward;
import io.stagecoach.schedule.Limits;
import io.stagecoach.schedule.OneForwardOneBackward;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.ScheduleValidator;
import io.stagecoach.schedule.Simulator;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.spark.cluster.Order;
import io.stagecoach.spark.cluster.Pipeline;
import io.stagecoach.spark.cluster.ProcessMemory;
import io.stagecoach.spark.cluster.StageAddress;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.stage.Span;
import io.stagecoach.stage.StageStep;
import io.stagecoach.stage.Traffic;
import io.stagecoach.sync.GradientArrivals;
import io.stagecoach.sync.StagePart;
import io.stagecoach.sync.StepOutcome;
import io.stagecoach.tensor.Narrowing;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

  /** Passes of 30, and hops of 20 on each side: (S−1−s)(1 + ⌈80/30⌉) ahead. */
  @Test
  void aRunIsTunedOnceAndSaysSo() {
    TrainingPlan plan = plan(Map.of());
    UsedAuthors pipeline = new UsedAuthors();
    RunReporting reporting = new RunReporting(plan.schedule(), 1, Optional.empty());
    List<String> said = new ArrayList<>();
    ScheduleTuning tuning = new ScheduleTuning(pipeline, plan, reporting, said::add);
    StepOutcome outcome = new StepOutcome(Loss.none(), 0, 1, 1, false);
    for (int step = 0; step < ScheduleTuning.STEPS; step++) {
      assertThat(pipeline.used).isEmpty();
      // The first steps are slow in everything else, which does not count.
      long pass = step < 2 ? 10_000 : 10;
      tuning.stepEnded(step, outcome, parts(plan, step, pass), TIMES);
    }
    assertThat(pipeline.used).hasSize(1);
    Schedule tuned = pipeline.used.get(0).schedule(SHAPE);
    assertThat(tuned.peakStash()).isEqualTo(List.of(13, 9, 5, 1));
    assertThat(said)
        .containsExactly(
            "eager-1f1b, from step 6 on: stages stash [13, 9, 5, 1] micro-batches, not [7, 5, 3, 1],"
                + " for hops of 40.000 ms and passes of up to 30.000 ms together");
    tuning.stepEnded(5, outcome, parts(plan.by(pipeline.used.get(0)), 5, 10), TIMES);
    assertThat(pipeline.used).hasSize(1);
    RunReport report = reporting.report();
    assertThat(report.choices()).isEqualTo(said);
    assertThat(report.excludedSteps()).isEqualTo(ScheduleTuning.STEPS);
    double simulated = Simulator.simulate(tuned, StageCosts.equal(STAGES, 10, 20, 40)).bubble();
    assertThat(report.bubble().simulated()).isCloseTo(simulated, within(1e-9));
  }

  private static final TrainingLoop.DriverTimes TIMES = new TrainingLoop.DriverTimes(1, 1, 1);
  private static final long MILLI = 1_000_000;

  private static List<StagePart> parts(TrainingPlan plan, long step, long forward) {
    List<StagePart> parts = new ArrayList<>();
    for (int stage = 0; stage < STAGES; stage++) {
      List<Span> spans = new ArrayList<>();
      long at = 0;
      for (Action action : plan.schedule().actionsOf(stage)) {
        long time =
            action instanceof Action.Forward
                ? forward
                : action instanceof Action.Backward ? 2 * forward : 0;
        spans.add(new Span(action, at * MILLI, (at + time) * MILLI));
        at += time;
      }
      Traffic traffic = new Traffic(10, 1000, 10, 1000, 200 * MILLI, 200 * MILLI, Narrowing.none());
      parts.add(
          new StagePart(
              new StageStep(
                  stage, stage, step, 0, Loss.none(), 8, 0, at * MILLI, spans, traffic, 1),
              Tensors.none()));
    }
    return parts;
  }

  /** A pipeline that is only told who writes its schedules. */
  private static final class UsedAuthors implements Pipeline {
    private final List<ScheduleAuthor> used = new ArrayList<>();

    @Override
    public void use(ScheduleAuthor author) {
      used.add(author);
    }

    @Override
    public List<StageAddress> stages() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Map<Integer, ProcessMemory> memory() {
      throw new UnsupportedOperationException();
    }

    @Override
    public int nextAttempt(long step) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void abandon() {}

    @Override
    public void tell(Order order) {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<StagePart> await(GradientArrivals arrivals) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }
}
