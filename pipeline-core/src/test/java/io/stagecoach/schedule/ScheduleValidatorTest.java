package io.stagecoach.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScheduleValidatorTest {

  private static final Limits NONE = Limits.none(2);

  private static Schedule twoStages(int microBatches, String first, String second) {
    return Schedule.parse(
        "schedule mine stages 2 micro-batches "
            + microBatches
            + " passes forward-and-backward\n0: "
            + first
            + "\n1: "
            + second
            + "\n");
  }

  @Test
  void marksTheWrongCell() {
    Schedule schedule =
        twoStages(
            2,
            "F0.0 SA0.0 F0.1 SA0.1 RG0.0 B0.0 RG0.1 B0.1",
            "RA1.0 F1.0 RA1.1 F1.1 B1.1 SG1.1 B1.0 SG1.0");

    assertThatThrownBy(() -> ScheduleValidator.validate(schedule, NONE))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessage(
            """
            The schedule mine is not valid: B1.1 comes before B1.0. Mend the marked cell:
            time    0      1      2      3      4      5      6
            stage 0 F0.0   F0.1   .      .      .      B0.0   B0.1
            stage 1 .      F1.0   F1.1   B1.1   >B1.0< .      .
            """);
  }

  @Test
  void marksWhatIsMissing() {
    assertRefused(
        twoStages(1, "F0.0 SA0.0 RG0.0 B0.0", "RA1.0 F1.0 B1.0"),
        NONE,
        "SG1.0 is missing",
        "stage 1 .          F1.0       B1.0       >no SG1.0<");
  }

  @Test
  void marksTheFirstOfADeadlock() {
    assertRefused(
        twoStages(1, "RG0.0 F0.0 SA0.0 B0.0", "RA1.0 F1.0 B1.0 SG1.0"),
        NONE,
        "deadlock: RG0.0 on executor 0, RA1.0 on executor 1 wait for each other",
        "stage 0 >RG0.0<");
  }

  @Test
  void refusesWhatABlockingSendCannotDo() {
    Schedule eager =
        twoStages(
            2,
            "F0.0 F0.1 SA0.0 SA0.1 RG0.0 B0.0 RG0.1 B0.1",
            "RA1.0 F1.0 B1.0 RA1.1 SG1.0 F1.1 B1.1 SG1.1");
    assertThatCode(() -> ScheduleValidator.validate(eager, NONE.withCredits(1)))
        .doesNotThrowAnyException();

    Schedule late =
        twoStages(
            2,
            "F0.0 SA0.0 F0.1 SA0.1 RG0.0 B0.0 RG0.1 B0.1",
            "RA1.1 RA1.0 F1.0 F1.1 B1.0 SG1.0 B1.1 SG1.1");
    assertThatCode(() -> ScheduleValidator.validate(late, NONE.withCredits(2)))
        .doesNotThrowAnyException();
    assertRefused(
        late,
        NONE.withCredits(1),
        "deadlock, with 1 unreceived sends on a link: SA0.1 on executor 0, RA1.1 on executor 1",
        ">RA1.1<");
  }

  @Test
  void refusesMoreThanThereIsRoomFor() {
    Schedule schedule = new GPipe().schedule(new PipelineShape(2, 3));
    assertThatCode(() -> ScheduleValidator.validate(schedule, NONE.withStash(List.of(3, 3))))
        .doesNotThrowAnyException();
    assertRefused(
        schedule,
        NONE.withStash(List.of(3, 2)),
        "F1.2 would stash 3 micro-batches at stage 1, which has room for 2",
        ">F1.2<");
  }

  @Test
  void refusesWhatHasNoPlace() {
    String second = "RA1.0 F1.0 B1.0 SG1.0";
    assertRefused(twoStages(1, "F0.0 SA0.0 RG0.0 B0.0 F0.1", second), NONE, "no micro-batch 1");
    assertRefused(twoStages(1, "F0.0 SA0.0 RG0.0 B0.0 F2.0", second), NONE, "no stage 2");
    assertRefused(twoStages(1, "F0.0 SA0.0 RG0.0 B0.0 SG0.0", second), NONE, "has no place");
    assertRefused(twoStages(1, "F0.0 SA0.0 RG0.0 B0.0 B0.0", second), NONE, "a second time");
    assertRefused(
        twoStages(1, "F0.0 SA0.0 RG0.0 B0.0", second + " F0.0"), NONE, "on executor 0 already");
    assertRefused(
        twoStages(1, "SA0.0 F0.0 RG0.0 B0.0", second), NONE, "SA0.0 comes without F0.0 before it");
    assertRefused(
        Schedule.parse("schedule mine stages 2 micro-batches 1 passes forward\n"),
        NONE,
        "no executor");
    assertRefused(
        Schedule.parse(
            """
            schedule mine stages 2 micro-batches 1 passes forward
            0: F0.0 SA0.0
            1: RA1.0 F1.0 B1.0
            """),
        NONE,
        "B1.0 has no place",
        ">B1.0<");
  }

  @Test
  void acceptsTwoStagesOnOneExecutor() {
    Schedule schedule =
        Lowering.lower(
            Schedule.parse(
                """
                schedule mine stages 2 micro-batches 2 passes forward-and-backward
                0: F0.0 F0.1 F1.0 B1.0 F1.1 B1.1 B0.0 B0.1
                """));
    assertThatCode(() -> ScheduleValidator.validate(schedule, NONE.withCredits(1)))
        .doesNotThrowAnyException();
    assertThat(schedule.actionsOf(1)).hasSize(8);
  }

  /** The grid stays on the screen, around the fault. */
  @Test
  void drawsAWindowOfALongSchedule() {
    Schedule schedule = new GPipe().schedule(new PipelineShape(2, 400));
    assertThatThrownBy(
            () -> ScheduleValidator.validate(schedule, NONE.withStash(List.of(400, 300))))
        .satisfies(
            e ->
                assertThat(e.getMessage().lines().skip(1))
                    .hasSize(3)
                    .allMatch(line -> line.length() <= 100)
                    .anyMatch(line -> line.contains(">F1.300<")));
  }

  private static void assertRefused(Schedule schedule, Limits limits, String... parts) {
    assertThatThrownBy(() -> ScheduleValidator.validate(schedule, limits))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessageContainingAll(parts);
  }
}
