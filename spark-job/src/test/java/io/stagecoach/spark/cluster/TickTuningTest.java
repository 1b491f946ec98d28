package io.stagecoach.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.engine.Loss;
import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.schedule.Ticks;
import io.stagecoach.stage.Span;
import io.stagecoach.stage.StageStep;
import io.stagecoach.stage.Traffic;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TickTuningTest {

  /** A step of passes of known times, as stages report it. */
  private static List<StageStep> step(Schedule schedule, StageCosts costs) {
    List<StageStep> stages = new ArrayList<>();
    for (int stage = 0; stage < schedule.stages(); stage++) {
      List<Span> spans = new ArrayList<>();
      for (Action action : schedule.actionsOf(stage)) {
        spans.add(new Span(action, 5, 5 + costs.device(action)));
      }
      stages.add(
          new StageStep(stage, stage, 0, 0, Loss.none(), 1, 0, 10, spans, Traffic.none(), 1));
    }
    return stages;
  }

  @ParameterizedTest
  @CsvSource({"1f1b, 0", "1f1b, 50", "1f1b, 100000", "zb-h1, 40", "gpipe, 1000"})
  void choosesWhatIsCheapestForTheTimesSeen(String name, long tickCost) {
    Schedule schedule = Schedules.standard().named(name).schedule(new PipelineShape(2, 8));
    StageCosts costs = new StageCosts(List.of(10L, 12L), List.of(20L, 22L), List.of(8L, 9L), 0);
    TickTuning tuning = new TickTuning();
    int others = 3;
    long wall = Ticks.of(schedule, 1).makespan(costs, tickCost) + others * tickCost;
    int ticks = Ticks.of(schedule, 1).count() + others;
    OptionalInt chosen = OptionalInt.empty();
    for (int i = 0; i < 20; i++) {
      assertThat(tuning.passes(schedule)).isEqualTo(chosen.orElse(1));
      OptionalInt now = tuning.observe(schedule, ticks, wall, step(schedule, costs));
      assertThat(chosen.isPresent() && now.isPresent()).as("it chooses once").isFalse();
      chosen = now.isPresent() ? now : chosen;
    }
    assertThat(chosen).hasValue(Ticks.cheapest(schedule, costs, tickCost).passes());
  }
}
