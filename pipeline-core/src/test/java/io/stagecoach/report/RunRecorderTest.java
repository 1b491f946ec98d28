package io.stagecoach.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.schedule.GPipe;
import io.stagecoach.schedule.OneForwardOneBackward;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.stage.Traffic;
import io.stagecoach.tensor.Narrowing;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class RunRecorderTest {

  private static final Offset<Double> EXACT = within(1e-9);

  static RunRecorder twoStagesThreeSteps() {
    RunRecorder recorder = new RunRecorder(new GPipe().schedule(new PipelineShape(2, 2)), 1);
    recorder.record(
        Steps.step(
            0,
            4,
            2,
            false,
            32,
            List.of(1000L, 900L, 30L, 20L),
            Steps.stage(0, 2, 100, 200, 800, Steps.traffic(2, 999, 99, 999, 99)),
            Steps.stage(1, 2, 100, 200, 800, Steps.traffic(2, 999, 99, 999, 99))));
    recorder.record(
        Steps.step(
            1,
            3,
            1,
            false,
            32,
            List.of(50L, 35L, 3L, 2L),
            Steps.stage(1, 2, 3, 5, 28, Steps.traffic(2, 1000, 1, 2000, 2)),
            Steps.stage(0, 2, 2, 4, 30, Steps.traffic(2, 2000, 2, 1000, 1))));
    recorder.record(
        Steps.step(
            2,
            3.5,
            Double.NaN,
            true,
            30,
            List.of(60L, 45L, 5L, 4L),
            Steps.stage(0, 2, 4, 6, 40, Steps.traffic(2, 2000, 2, 1000, 1)),
            Steps.stage(1, 2, 5, 7, 34, Steps.traffic(2, 1000, 1, 2000, 2))));
    return recorder;
  }

  @Test
  void countsSteps() {
    RunReport report = twoStagesThreeSteps().report();
    assertThat(report.schedule()).isEqualTo("gpipe");
    assertThat(report.microBatches()).isEqualTo(2);
    assertThat(report.steps()).isEqualTo(3);
    assertThat(report.skippedSteps()).isEqualTo(1);
    assertThat(report.excludedSteps()).isEqualTo(1);
  }

  /** Interrupted behind the second step, and gone on with by another process. */
  @Test
  void aRunThatGoesOnCountsAllOfIt() {
    RunReport whole = twoStagesThreeSteps().report();
    RunRecorder first = new RunRecorder(new GPipe().schedule(new PipelineShape(2, 2)), 1);
    first.chose("gpipe: measured");
    first.record(step(0, 4, 2, false));
    first.record(step(1, 3, 1, false));
    RunRecorder second = new RunRecorder(new GPipe().schedule(new PipelineShape(2, 2)), 1);
    second.goOn(ReportJson.read(ReportJson.write(first.report())));
    second.record(step(2, 3.5, Double.NaN, true));
    RunReport report = second.report();

    assertThat(report.steps()).isEqualTo(3);
    assertThat(report.skippedSteps()).isEqualTo(1);
    assertThat(report.resumedAt()).containsExactly(2L);
    assertThat(report.choices()).containsExactly("gpipe: measured");
    assertThat(report.loss()).isEqualTo(whole.loss());
    assertThat(report.gradientNorm()).isEqualTo(whole.gradientNorm());
    assertThat(report.time().totalSeconds()).isCloseTo(0.15, EXACT);
    assertThat(report.time().step()).as("of what came after").isCloseTo(50, EXACT);
    assertThat(ReportTable.text(report)).contains("3 steps (1 skipped)", "Resumed at step 2;");
  }

  private static StepRecord step(long index, double loss, double norm, boolean skipped) {
    return Steps.step(
        index,
        loss,
        norm,
        skipped,
        32,
        List.of(50L, 35L, 3L, 2L),
        Steps.stage(0, 2, 2, 4, 30, Steps.traffic(2, 2000, 2, 1000, 1)),
        Steps.stage(1, 2, 3, 5, 28, Steps.traffic(2, 1000, 1, 2000, 2)));
  }

  @Test
  void lossAndNormAreOfAllSteps() {
    RunReport report = twoStagesThreeSteps().report();
    assertThat(report.loss())
        .isEqualTo(
            new LossFigures(
                4,
                3.5,
                3,
                1,
                List.of(
                    new CurvePoint(0, 4, 1), new CurvePoint(1, 3, 1), new CurvePoint(2, 3.5, 1)),
                List.of()));
    assertThat(report.gradientNorm()).isEqualTo(new NormFigures(1, 1.5, 2));
  }

  /** Walls 50 and 60 ms, windows 30 and 40, 62 examples. */
  @Test
  void timesAreMeansWithoutWarmUp() {
    TimeFigures time = twoStagesThreeSteps().report().time();
    assertThat(time.totalSeconds()).isCloseTo(1.11, EXACT);
    assertThat(time.examplesPerSecond()).isCloseTo(62 / 0.11, EXACT);
    assertThat(time.step()).isCloseTo(55, EXACT);
    assertThat(time.stepMedian()).isCloseTo(50, within(0.5));
    assertThat(time.stepP95()).isCloseTo(60, within(0.6));
    assertThat(time.stepMost()).isEqualTo(60);
    assertThat(time.slowestStage()).isCloseTo(35, EXACT);
    assertThat(time.beyondStages()).isCloseTo(20, EXACT);
    assertThat(time.barrier()).isCloseTo(40, EXACT);
    assertThat(time.update()).isCloseTo(4, EXACT);
    assertThat(time.distribute()).isCloseTo(3, EXACT);
    assertThat(time.share(time.update())).isCloseTo(4 / 55.0, EXACT);
  }

  @Test
  void stagesAreBusyOrIdle() {
    List<StageFigures> stages = twoStagesThreeSteps().report().stages();
    assertThat(stages)
        .containsExactly(
            new StageFigures(
                0,
                0,
                3,
                5,
                Double.NaN,
                16,
                19,
                2,
                new HopSide(2, 1000, 1),
                new HopSide(2, 500, 0.5)),
            new StageFigures(
                1,
                1,
                4,
                6,
                Double.NaN,
                20,
                15,
                1,
                new HopSide(2, 500, 0.5),
                new HopSide(2, 1000, 1)));
    assertThat(stages.get(0).idleShare(35)).isCloseTo(19 / 35.0, EXACT);
  }

  /**
   * Simulated by hand with f = 3, 4, b = 5, 6 and c = 1.5: the gradients leave stage 1 at 18.5 and
   * 24.5, stage 0 runs its backwards 20 to 25 and 26 to 31; 36 of 62 are computed.
   */
  @Test
  void bubbleIsMeasuredAndExpected() {
    BubbleFigures bubble = twoStagesThreeSteps().report().bubble();
    assertThat(bubble.measured()).isCloseTo(1 - 72 / 140.0, EXACT);
    assertThat(bubble.simulated()).isCloseTo(26 / 62.0, EXACT);
    assertThat(bubble.simulatedStep()).isCloseTo(31, EXACT);
    assertThat(bubble.closedForm()).isCloseTo(1 / 3.0, EXACT);
    assertThat(bubble.imbalance()).isCloseTo(20 / 18.0, EXACT);
  }

  @Test
  void hopsAreOfAllStages() {
    HopFigures hops = twoStagesThreeSteps().report().hops();
    assertThat(hops)
        .isEqualTo(
            new HopFigures(new HopSide(4, 750, 0.75), new HopSide(4, 750, 0.75), Narrowing.none()));
    assertThat(hops.latencyMillis()).isEqualTo(1.5);
  }

  @Test
  void oneStageHasNoHopsAndNoBubble() {
    RunRecorder recorder =
        new RunRecorder(new OneForwardOneBackward().schedule(new PipelineShape(1, 1)), 0);
    recorder.record(
        Steps.step(
            0,
            Double.NaN,
            Double.POSITIVE_INFINITY,
            true,
            8,
            List.of(20L, 10L, 1L, 1L),
            Steps.stage(0, 1, 4, 6, 10, Traffic.none())));
    RunReport report = recorder.report();

    assertThat(report.hops().latencyMillis()).isZero();
    assertThat(report.bubble()).isEqualTo(new BubbleFigures(0, 0, 0, 10, 1));
    assertThat(report.loss())
        .isEqualTo(new LossFigures(Double.NaN, Double.NaN, Double.NaN, -1, List.of(), List.of()));
    assertThat(report.gradientNorm())
        .isEqualTo(new NormFigures(Double.NaN, Double.NaN, Double.NaN));
  }

  /** Two steps of two stages, the first of them warm-up. */
  static RunRecorder narrowed() {
    RunRecorder recorder = new RunRecorder(new GPipe().schedule(new PipelineShape(2, 1)), 1);
    for (int step = 0; step < 2; step++) {
      recorder.record(
          Steps.step(
              step,
              1,
              1,
              false,
              8,
              List.of(20L, 10L, 1L, 1L),
              Steps.stage(
                  0, 1, 4, 6, 10, Steps.traffic(1, 9, 1, 9, 1, new Narrowing(1000, 3, 0, 20))),
              Steps.stage(
                  1, 1, 4, 6, 10, Steps.traffic(1, 9, 1, 9, 1, new Narrowing(500, 0, 1, 7)))));
    }
    return recorder;
  }

  @Test
  void whatWasNarrowedIsCountedInAllSteps() {
    Narrowing narrowing = narrowed().report().hops().narrowing();
    assertThat(narrowing).isEqualTo(new Narrowing(3000, 6, 2, 54));
    assertThat(narrowing.overflowed()).isEqualTo(8);
  }

  @Test
  void aRunShorterThanItsWarmUpIsMeasuredAllTheSame() {
    RunRecorder recorder = new RunRecorder(new GPipe().schedule(new PipelineShape(1, 1)), 5);
    recorder.record(
        Steps.step(
            0,
            1,
            1,
            false,
            8,
            List.of(20L, 10L, 1L, 1L),
            Steps.stage(0, 1, 4, 6, 10, Traffic.none())));
    assertThat(recorder.report().excludedSteps()).isZero();
    assertThat(recorder.report().time().step()).isEqualTo(20);
  }

  @Test
  void aRunWithoutStepsIsNotMeasured() {
    RunReport report = new RunRecorder(new GPipe().schedule(new PipelineShape(2, 2)), 1).report();
    assertThat(report.steps()).isZero();
    assertThat(report.time().step()).isNaN();
    assertThat(report.time().stepMedian()).isNaN();
    assertThat(report.bubble().measured()).isNaN();
    assertThat(report.bubble().simulated()).isNaN();
    assertThat(report.bubble().closedForm()).isEqualTo(1 / 3.0);
  }

  @Test
  void refusesAStepThatLacksAStage() {
    Schedule schedule = new GPipe().schedule(new PipelineShape(2, 1));
    RunRecorder recorder = new RunRecorder(schedule, 0);
    StepRecord half =
        Steps.step(
            7,
            1,
            1,
            false,
            8,
            List.of(20L, 10L, 1L, 1L),
            Steps.stage(1, 1, 4, 6, 10, Traffic.none()));
    assertThatThrownBy(() -> recorder.record(half))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1 stages in step 7, not 2");
    assertThat(recorder.report().steps()).isZero();
  }

  @Test
  void afterARecutTimesBeginAnew() {
    RunRecorder recorder = twoStagesThreeSteps();
    assertThat(recorder.report().stages().get(0).forward()).isEqualTo(3, EXACT);
    recorder.recut(1);
    assertThat(recorder.report().stages().get(0).forward())
        .as("as long as nothing else is known")
        .isEqualTo(3, EXACT);
    for (long step = 3; step < 5; step++) {
      recorder.record(
          Steps.step(
              step,
              2,
              1,
              false,
              32,
              List.of(100 * step, 35L, 3L, 2L),
              Steps.stage(0, 2, 10 * step, 5, 28, Steps.traffic(2, 1000, 1, 2000, 2)),
              Steps.stage(1, 2, 20 * step, 4, 30, Steps.traffic(2, 2000, 2, 1000, 1))));
    }
    RunReport report = recorder.report();
    assertThat(report.steps()).isEqualTo(5);
    assertThat(report.excludedSteps()).isEqualTo(4);
    assertThat(report.stages().get(0).forward()).isEqualTo(40, EXACT);
    assertThat(report.stages().get(1).forward()).isEqualTo(80, EXACT);
    assertThat(report.time().step()).isEqualTo(400, EXACT);
    assertThat(report.loss().last()).isEqualTo(2, EXACT);
    assertThat(report.stepMillis())
        .extracting(CurvePoint::value)
        .containsExactly(1000.0, 50.0, 60.0, 300.0, 400.0);
  }
}
