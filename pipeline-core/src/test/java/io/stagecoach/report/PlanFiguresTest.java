package io.stagecoach.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.plan.DeviceLimits;
import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.MemoryRules;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.Partitioners;
import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlanRequest;
import io.stagecoach.plan.PlanTimes;
import io.stagecoach.plan.Stash;
import io.stagecoach.plan.StashSlots;
import io.stagecoach.schedule.GPipe;
import io.stagecoach.schedule.PipelineShape;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a report says of its run's plan. */
class PlanFiguresTest {

  private static final Plan PLAN =
      Partitioners.given(List.of(0, 2))
          .partition(
              new PlanRequest(
                  new ModelCosts(
                      List.of(
                          new LayerCost(0, "in", "Dense", 10, 40, 64, 64, 0, 10, 30),
                          new LayerCost(1, "mid", "Dense", 10, 40, 128, 64, 0, 5, 15),
                          new LayerCost(2, "out", "Output", 10, 40, 8, 8, 0, 5, 35)),
                      32,
                      4),
                  2,
                  new MemoryRules(Stash.ACTIVATIONS, StashSlots.everywhere(1), 1),
                  DeviceLimits.UNLIMITED));

  private static final PlanTimes TIMES =
      new PlanTimes(
          List.of(4_000_000L, 2_000_000L, 9_000_000L),
          List.of(2_000_000L, 3_000_000L),
          List.of(4_000_000L, 6_000_000L),
          100_000,
          50_000_000);

  @Test
  void stagesHaveTheirLayersTimesAndSizes() {
    PlanFigures figures = PlanFigures.of(PLAN, Optional.of(TIMES));
    assertThat(figures.stages())
        .containsExactly(
            new PlanFigures.Stage(
                0, 1, 0.6, false, 2, 4, PLAN.stages().get(0).memory().total(), 128),
            new PlanFigures.Stage(
                2, 2, 0.4, false, 3, 6, PLAN.stages().get(1).memory().total(), 0));
    assertThat(figures.stepMillis()).isEqualTo(50);
    assertThat(figures.bottleneck())
        .startsWith("stage 1, 9.000 ms of each micro-batch")
        .endsWith("one layer, which cannot be divided");
  }

  @Test
  void theReportHasThemAsTextAndAsJson() {
    RunRecorder recorder = new RunRecorder(new GPipe().schedule(new PipelineShape(2, 2)), 0);
    assertThat(ReportTable.text(recorder.report())).doesNotContain("planned");
    recorder.planned(PlanFigures.of(PLAN, Optional.of(TIMES)));
    RunReport report = recorder.report();
    assertThat(ReportTable.text(report))
        .contains("planned      bottleneck stage 1, 9.000 ms of each micro-batch")
        .contains("stages were to take 50.00 ms a step");
    assertThat(ReportJson.read(ReportJson.write(report)).plan()).isEqualTo(report.plan());
    String older =
        ReportJson.write(report).replaceFirst(",\\s*\"plan\" : \\{[\\s\\S]*\\}\\s*\\}$", "}");
    assertThat(ReportJson.read(older).plan()).isEqualTo(PlanFigures.none());
  }

  @Test
  void withoutTimesOperationsAreWhatIsKnown() {
    PlanFigures figures = PlanFigures.of(PLAN, Optional.empty());
    assertThat(figures.stages()).allMatch(stage -> Double.isNaN(stage.forwardMillis()));
    assertThat(figures.stepMillis()).isNaN();
    assertThat(figures.bottleneck())
        .isEqualTo(
            "stage 0, 60.0 % of the compute (the mean of the stages is 50.0 %), 66.7 % of it layer"
                + " 0 in (Dense)");
  }
}
