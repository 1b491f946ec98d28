package io.stagecoach.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.StagecoachException;
import java.util.List;
import org.junit.jupiter.api.Test;

class WrittenScheduleTest {

  private static final String TEXT =
      """
      # Two stages, the gradients of the parameters last.
      schedule mine stages 2 micro-batches 2 passes forward-and-backward
      0: F0.0 F0.1 I0.0 I0.1 W0.0 W0.1
      1: F1.0 B1.0 F1.1 B1.1
      """;

  @Test
  void givesWhatIsWrittenWithItsHops() {
    Schedule schedule = WrittenSchedule.parse(TEXT).schedule(new PipelineShape(2, 2));
    assertThat(schedule.name()).isEqualTo("mine");
    assertThat(schedule.executors().get(0))
        .containsSubsequence(
            Action.parse("RG0.1"),
            Action.parse("I0.1"),
            Action.parse("W0.0"),
            Action.parse("W0.1"));
    assertThat(WrittenSchedule.parse(schedule.text()).schedule(new PipelineShape(2, 2)))
        .isEqualTo(schedule);
  }

  @Test
  void leavesOutMicroBatchesThatASmallerMiniBatchLacks() {
    Schedule schedule = WrittenSchedule.parse(TEXT).schedule(new PipelineShape(2, 1));
    ScheduleValidator.validate(schedule, Limits.none(2));
    assertThat(schedule.executors().get(1))
        .extracting(Action::text)
        .containsExactly("RA1.0", "F1.0", "B1.0", "SG1.0");
  }

  @Test
  void refusesAnotherShape() {
    for (PipelineShape shape :
        new PipelineShape[] {
          new PipelineShape(3, 2), new PipelineShape(2, 3), new PipelineShape(2, 2, 2)
        }) {
      assertThatThrownBy(() -> WrittenSchedule.parse(TEXT).schedule(shape))
          .isInstanceOf(StagecoachException.class)
          .hasMessageContaining("mine is for 2 stages on 2 executors and 2 micro-batches");
    }
  }

  @Test
  void refusesWhatDoesNotTrain() {
    assertThatThrownBy(() -> WrittenSchedule.parse(TEXT.replace("W0.0 ", "")))
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining("W0.0 is missing");
    assertThatThrownBy(() -> WrittenSchedule.parse(TEXT.replace("I0.0 I0.1", "I0.0 B0.1")))
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining("B0.1 comes before W0.0");
    assertThatThrownBy(
            () -> WrittenSchedule.parse(new ForwardOnly().schedule(new PipelineShape(2, 2)).text()))
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining("does not train");
  }

  @Test
  void numbersThatNoActionsStandForTakeNoMemory() {
    for (String head :
        List.of("stages 999999999 micro-batches 1", "stages 1 micro-batches 999999999")) {
      String text = "schedule huge " + head + " passes forward-and-backward\n0: F0.0 B0.0\n";
      assertThatThrownBy(() -> WrittenSchedule.parse(text))
          .isInstanceOf(StagecoachException.class)
          .hasMessageContaining("has 2 actions in all");
    }
  }
}
