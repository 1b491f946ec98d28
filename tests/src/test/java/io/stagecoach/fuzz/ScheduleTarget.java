package io.stagecoach.fuzz;

import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.WrittenSchedule;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A schedule as somebody wrote it, and as it comes over the network. */
final class ScheduleTarget implements FuzzTarget {

  @Override
  public String name() {
    return "schedule";
  }

  @Override
  public String toString() {
    return name();
  }

  @Override
  public List<byte[]> seeds() {
    return List.of(
        bytes(
            """
            schedule 1f1b stages 2 micro-batches 2 passes forward-and-backward
            0: F0.0 F0.1 B0.0 B0.1
            1: F1.0 B1.0 F1.1 B1.1
            """),
        bytes(
            """
            # split
            schedule zb stages 2 micro-batches 1 passes forward-and-backward
            0: F0.0 I0.0 W0.0
            1: F1.0 I1.0 W1.0
            """),
        bytes(
            """
            schedule g stages 2 micro-batches 1 passes forward-and-backward
            0: F0.0 SA0.0 RG0.0 B0.0
            1: RA1.0 F1.0 B1.0 SG1.0
            """));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public List<String> words() {
    return List.of(
        "schedule ",
        " stages ",
        " micro-batches ",
        " passes ",
        "forward",
        "forward-and-backward",
        "F0.0",
        "B1.0",
        "I0.1",
        "W1.1",
        "SA0.0",
        "RA1.0",
        "SG1.0",
        "RG0.0",
        "0:",
        "\n1: ",
        "#");
  }

  @Override
  public void read(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    if (text.length() < 12) {
      Action action = Action.parse(text);
      if (!Action.parse(action.text()).equals(action)) {
        throw new AssertionError(action + " does not come back");
      }
      return;
    }
    Schedule schedule = Schedule.parse(text);
    if (!Schedule.parse(schedule.text()).equals(schedule)) {
      throw new AssertionError(schedule + " does not come back");
    }
    WrittenSchedule.parse(text);
  }
}
