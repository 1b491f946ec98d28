package io.stagecoach.schedule;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Tells whether a schedule can run and does what a step must do: every micro-batch exactly once
 * forward and backward through each stage, each in ascending order (so that sums are taken in the
 * same order under every schedule), sends matched by receives, no deadlock, and no more stashed
 * than there is room for.
 */
public final class ScheduleValidator {

  private ScheduleValidator() {}

  /**
   * Accepts a valid schedule.
   *
   * @param schedule the schedule, sends and receives included
   * @throws StagecoachException CONFIGURATION where it is not valid; the message holds a grid of
   *     stages and time in which the wrong cell is marked
   */
  public static void validate(Schedule schedule, Limits limits) {
    if (limits.stash().size() != schedule.stages()) {
      throw new IllegalArgumentException(
          "limits of " + limits.stash().size() + " stages, not " + schedule.stages());
    }
    fault(schedule, limits)
        .ifPresent(
            fault -> {
              throw new StagecoachException(
                  ErrorKind.CONFIGURATION,
                  "The schedule " + schedule.name() + " is not valid: " + fault.what(),
                  "Mend the marked cell:\n" + ScheduleGrid.draw(schedule, fault));
            });
  }

  private static Optional<Fault> fault(Schedule schedule, Limits limits) {
    if (schedule.executors().isEmpty()) {
      return Optional.of(new Fault("it has no executor", 0, 0, new Action.Forward(0, 0)));
    }
    StepRules rules = new StepRules(schedule, limits.stash());
    for (int e = 0; e < schedule.executors().size(); e++) {
      List<Action> actions = schedule.executors().get(e);
      for (int i = 0; i < actions.size(); i++) {
        Optional<String> broken = rules.see(e, actions.get(i));
        if (broken.isPresent()) {
          return Optional.of(new Fault(broken.get(), e, i, actions.get(i)));
        }
      }
    }
    return rules.missing().or(() -> deadlock(schedule, limits.credits()));
  }

  private static Optional<Fault> deadlock(Schedule schedule, int credits) {
    Walk walk = new Walk(schedule, StageCosts.equal(schedule.stages(), 1, 1, 0), credits);
    List<Fault> waiting = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    for (int e = 0; e < schedule.executors().size(); e++) {
      List<Action> actions = schedule.executors().get(e);
      int reached = walk.reached(e);
      if (reached < actions.size()) {
        Action action = actions.get(reached);
        waiting.add(new Fault("", e, reached, action));
        texts.add(action.text() + " on executor " + e);
      }
    }
    if (waiting.isEmpty()) {
      return Optional.empty();
    }
    Fault first = Collections.min(waiting, (a, b) -> Integer.compare(a.index(), b.index()));
    String given =
        credits == Integer.MAX_VALUE ? "" : ", with " + credits + " unreceived sends on a link";
    return Optional.of(
        new Fault(
            "deadlock" + given + ": " + String.join(", ", texts) + " wait for each other",
            first.executor(),
            first.index(),
            first.action()));
  }
}
