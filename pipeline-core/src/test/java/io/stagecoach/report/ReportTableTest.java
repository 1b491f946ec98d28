package io.stagecoach.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.schedule.OneForwardOneBackward;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Replicated;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.stage.StageStep;
import io.stagecoach.stage.Traffic;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReportTableTest {

  @Test
  void saysWhatTheRunDid() {
    assertThat(ReportTable.text(RunRecorderTest.twoStagesThreeSteps().report()))
        .isEqualTo(
            """
            Run: schedule gpipe, 2 stages, 2 micro-batches, 3 steps (1 skipped) in 1.110 s
            Times below leave out the first step (warm-up).

            loss         first 4.0000, last 3.5000, least 3.0000 at step 1
            gradient     norm last 1.0000, mean 1.5000, most 2.0000
            throughput   563.6 examples/s
            step         mean 55.00 ms, median 49.79, 95th percentile 59.51, longest 60.00

            stage  forward  backward     busy     idle  idle  stash  hop out    send  receive
                     ms/mb     ms/mb  ms/step  ms/step     %   peak    bytes  ms/hop   ms/hop
            0        3.000     5.000    16.00    19.00  54.3      2   1000 B   1.000    0.500
            1        4.000     6.000    20.00    15.00  42.9      1    500 B   0.500    1.000

            bubble       measured 48.6 %, simulated 41.9 % for these stages, 33.3 % if all were even
            stages       take 35.00 ms a step, simulated 31.00; the slowest computes 1.111 times the mean
            hop          750 B, 1.500 ms (send 0.750, receive 0.750), 4.0 a step

            of a step           ms     %
            slowest stage    35.00  63.6
            beyond stages    20.00  36.4
            barrier wait     40.00  72.7
            update           4.000   7.3
            new weights out  3.000   5.5
            """);
  }

  @Test
  void saysWhatValidationFound() {
    RunRecorder recorder = RunRecorderTest.twoStagesThreeSteps();
    Map<String, Double> measured = new LinkedHashMap<>();
    measured.put("loss", 1.5);
    measured.put("bits_per_byte", 2.25);
    recorder.validated(measured);
    assertThat(ReportTable.text(recorder.report()))
        .containsPattern("(?m)^validation   loss 1\\.5000, bits per byte 2\\.2500$");
  }

  @Test
  void saysWhatTheWireDidToValues() {
    assertThat(ReportTable.text(RunRecorderTest.narrowed().report()))
        .contains(
            "\nfloat16      3,000 values in all steps: not finite 6, clamped 2, became zero 54\n");
  }

  @Test
  void eightStagesFitATerminal() {
    RunRecorder recorder =
        new RunRecorder(new OneForwardOneBackward().schedule(new PipelineShape(8, 64)), 0);
    recorder.record(
        Steps.step(
            1_234_567,
            123.456789,
            98_765.4321,
            false,
            65_536,
            List.of(123_456L, 100_000L, 12_345L, 1_234L),
            IntStream.range(0, 8)
                .mapToObj(
                    s ->
                        Steps.stage(
                            s,
                            64,
                            500,
                            1000,
                            99_999,
                            Steps.traffic(64, 1L << 35, 9999, 1L << 35, 9999)))
                .toArray(StageStep[]::new)));
    assertThat(ReportTable.text(recorder.report()).lines())
        .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(100));
  }

  @Test
  void stagesOfReplicasAreNamed() {
    Schedule schedule =
        new Replicated(new OneForwardOneBackward(), 2).schedule(new PipelineShape(4, 5));
    RunRecorder recorder = new RunRecorder(schedule, 2, 0);
    recorder.record(
        Steps.step(
            0,
            1,
            1,
            false,
            32,
            List.of(60L, 40L, 2L, 3L),
            IntStream.range(0, 4)
                .mapToObj(s -> Steps.stage(s, s < 2 ? 3 : 2, 3, 5, 35, Traffic.none()))
                .toArray(StageStep[]::new)));
    RunReport report = recorder.report();
    assertThat(report.bubble().closedForm())
        .as("two stages and the three micro-batches of the first replica")
        .isEqualTo(1 / 4.0);
    assertThat(ReportTable.text(report).lines())
        .first()
        .asString()
        .contains("2 replicas of 2 stages, 5 micro-batches");
    assertThat(ReportTable.text(report))
        .containsPattern("(?m)^replica 0 stage 0 ")
        .containsPattern("(?m)^replica 0 stage 1 ")
        .containsPattern("(?m)^replica 1 stage 0 ");
    assertThat(ReportJson.read(ReportJson.write(report))).isEqualTo(report);
  }

  @Test
  void aRunWithoutStepsHasDashes() {
    RunReport report =
        new RunRecorder(new OneForwardOneBackward().schedule(new PipelineShape(2, 2)), 1).report();
    assertThat(ReportTable.text(report))
        .contains("0 steps", "step         mean - ms", "measured -")
        .doesNotContain("NaN");
  }
}
