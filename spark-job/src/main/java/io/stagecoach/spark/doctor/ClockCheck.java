package io.stagecoach.spark.doctor;

import io.stagecoach.spark.cluster.EveryExecutor;
import java.util.ArrayList;
import java.util.List;

/** How far the executors' clocks are from the driver's. */
final class ClockCheck implements ApplicationCheck {

  private static final long TOLERATED_MILLIS = 2_000;

  /** Kerberos refuses tickets of a clock that is five minutes off. */
  private static final long MOST_MILLIS = 300_000;

  /** An executor's clock, read between two readings of the driver's, in milliseconds since 1970. */
  record Reading(String place, long before, long clock, long after) {

    /** How far it is off for sure; 0 where it was read within the driver's two readings. */
    long apart() {
      return Math.max(0, Math.max(before - clock, clock - after));
    }
  }

  @Override
  public String name() {
    return "clocks";
  }

  @Override
  public String where() {
    return "executors";
  }

  @Override
  public Finding look(Application application) {
    long before = System.currentTimeMillis();
    List<EveryExecutor.Answer> answers =
        EveryExecutor.ask(
            application.spark(),
            "Stagecoach: reading the clocks",
            () -> String.valueOf(System.currentTimeMillis()),
            application.conf().deadlineContact());
    long after = System.currentTimeMillis();
    List<Reading> readings = new ArrayList<>();
    for (EveryExecutor.Answer answer : answers) {
      readings.add(new Reading(answer.place(), before, Long.parseLong(answer.text()), after));
    }
    return judge(readings);
  }

  static Finding judge(List<Reading> readings) {
    List<Reading> off = readings.stream().filter(r -> r.apart() > TOLERATED_MILLIS).toList();
    if (off.isEmpty()) {
      long within = readings.stream().mapToLong(r -> r.after() - r.before()).max().orElse(0);
      return new Finding.Ok("none is off, as far as " + within + " ms show");
    }
    String found =
        String.join(
            ", ",
            off.stream()
                .map(r -> "executor " + r.place() + " is " + r.apart() / 1000 + " s off")
                .toList());
    String remedy =
        "Let the machines follow a time server (chrony, ntpd): tokens, and the leases of scheduled"
            + " retraining, go by their clocks.";
    return off.stream().anyMatch(r -> r.apart() >= MOST_MILLIS)
        ? new Finding.Trouble(found, remedy)
        : new Finding.Warn(found, remedy);
  }
}
