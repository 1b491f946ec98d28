package io.stagecoach.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ActionTest {

  private static final List<Action> ONE_OF_EACH =
      List.of(
          new Action.Forward(0, 3),
          new Action.Backward(1, 2),
          new Action.SendActivations(10, 0),
          new Action.ReceiveActivations(2, 1234),
          new Action.SendGradients(3, 7),
          new Action.ReceiveGradients(0, 0));

  @Test
  void printsAndParses() {
    assertThat(ONE_OF_EACH.stream().map(Action::text))
        .containsExactly("F0.3", "B1.2", "SA10.0", "RA2.1234", "SG3.7", "RG0.0");
    assertThat(ONE_OF_EACH.stream().map(action -> Action.parse(action.text())))
        .containsExactlyElementsOf(ONE_OF_EACH);
  }

  @ParameterizedTest
  @CsvSource({
    "'', 1",
    "X0.1, 1",
    "f0.1, 1",
    "F, 2",
    "F.1, 2",
    "F0, 3",
    "'F0,1', 3",
    "F0., 4",
    "F0.1x, 5",
    "F-1.0, 2",
    "F0.1234567890, 4",
    "' F0.1', 1",
    "F0.1 F0.2, 5"
  })
  void saysWhereTheTextIsWrong(String text, int column) {
    assertThatThrownBy(() -> Action.parse(text))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessageContaining("line 1, column " + column + ",");
  }

  /** Spans carry actions from the executors to the driver. */
  @Test
  void travels() throws IOException, ClassNotFoundException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(new GPipe().schedule(new PipelineShape(2, 3)));
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertThat(in.readObject()).isEqualTo(new GPipe().schedule(new PipelineShape(2, 3)));
    }
  }
}
