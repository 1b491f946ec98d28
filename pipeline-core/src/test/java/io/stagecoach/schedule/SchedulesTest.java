package io.stagecoach.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import org.junit.jupiter.api.Test;

class SchedulesTest {

  @Test
  void findsByName() {
    assertThat(Schedules.standard().names())
        .containsExactly("1f1b", "eager-1f1b", "gpipe", "interleaved-1f1b", "looped-bfs", "zb-h1");
    assertThat(Schedules.standard().named("1f1b")).isInstanceOf(OneForwardOneBackward.class);
    assertThat(Schedules.standard().named("gpipe")).isInstanceOf(GPipe.class);
  }

  @Test
  void takesOneMore() {
    assertThat(Schedules.standard().and(new ForwardOnly()).named("forward"))
        .isInstanceOf(ForwardOnly.class);
    assertThatThrownBy(() -> Schedules.standard().and(new GPipe()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("gpipe");
  }

  @Test
  void listsWhatThereIs() {
    assertThatThrownBy(() -> Schedules.standard().named("zigzag"))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessage(
            "There is no schedule named 'zigzag'. Choose one of 1f1b, eager-1f1b, gpipe,"
                + " interleaved-1f1b, looped-bfs, zb-h1.");
  }

  @Test
  void refusesChunksWhereTheScheduleHasNone() {
    assertThatThrownBy(() -> new GPipe().schedule(new PipelineShape(4, 4, 2)))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessageContaining("gpipe");
  }
}
