package io.stagecoach.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScheduleTextTest {

  private static final String HEADING =
      "schedule mine stages 2 micro-batches 1 passes forward-and-backward\n";

  private static final List<ScheduleAuthor> AUTHORS =
      List.of(new GPipe(), new OneForwardOneBackward(), new ForwardOnly());

  /** The files are written by hand; the schedules must be these. */
  @ParameterizedTest
  @CsvSource({
    "gpipe, 2, 3",
    "gpipe, 3, 2",
    "1f1b, 1, 2",
    "1f1b, 2, 3",
    "1f1b, 3, 4",
    "1f1b, 4, 2",
    "forward, 3, 2"
  })
  void isAsInTheGoldenFile(String name, int stages, int microBatches) throws IOException {
    ScheduleAuthor author =
        AUTHORS.stream().filter(a -> a.name().equals(name)).findFirst().orElseThrow();

    Schedule schedule = author.schedule(new PipelineShape(stages, microBatches));

    String golden = golden(name + "-" + stages + "x" + microBatches + ".txt");
    assertThat(schedule).isEqualTo(Schedule.parse(golden));
    assertThat(golden).endsWith(schedule.text());
  }

  private static String golden(String file) throws IOException {
    try (InputStream in = ScheduleTextTest.class.getResourceAsStream(file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void parsesWhatUsersWrite() {
    Schedule schedule =
        Schedule.parse("# mine\n\n" + HEADING + "0:  F0.0 SA0.0  RG0.0 B0.0 \n1: RA1.0 F1.0\n");

    assertThat(schedule.name()).isEqualTo("mine");
    assertThat(schedule.executors())
        .containsExactly(
            List.of(
                new Action.Forward(0, 0),
                new Action.SendActivations(0, 0),
                new Action.ReceiveGradients(0, 0),
                new Action.Backward(0, 0)),
            List.of(new Action.ReceiveActivations(1, 0), new Action.Forward(1, 0)));
  }

  @Test
  void saysWhereTheTextIsWrong() {
    assertWrong("", "line 1, column 1,");
    assertWrong("# nothing\n", "line 2, column 1,");
    assertWrong("Schedule x", "line 1, column 1,");
    assertWrong("schedule x stages 0 micro-batches 1 passes forward", "line 1, column 19,");
    assertWrong("schedule x stages 2 micro-batches 1 passes back", "line 1, column 44,");
    assertWrong("schedule x stages 2 micro-batches 1 passes forwards", "line 1, column 51,");
    assertWrong(HEADING + "1: F0.0", "line 2, column 1,");
    assertWrong(HEADING + "0: F0.0\n\n1: F1.0 F1;1", "line 4, column 11,");
    assertWrong(HEADING + "0: F0.0F0.1", "line 2, column 8,");
    assertWrong(HEADING + "0: F0.0, F0.1", "line 2, column 8,");
  }

  private static void assertWrong(String text, String where) {
    assertThatThrownBy(() -> Schedule.parse(text))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessageContaining(where);
  }
}
