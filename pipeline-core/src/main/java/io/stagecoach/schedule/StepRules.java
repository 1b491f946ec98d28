package io.stagecoach.schedule;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The rules of a step that can be told from each executor's list alone. */
final class StepRules {

  private static final int NOWHERE = -1;

  private final Schedule schedule;
  private final List<Integer> room;
  private final int last;
  private final Set<Action> seen = new HashSet<>();
  private final int[] executorOf;
  private final int[] lastForward;
  private final int[] lastBackward;
  private final int[] lastGradients;
  private final int[] stashed;

  StepRules(Schedule schedule, List<Integer> room) {
    this.schedule = schedule;
    this.room = room;
    int stages = schedule.stages();
    last = stages - 1;
    executorOf = filled(stages);
    lastForward = filled(stages);
    lastBackward = filled(stages);
    lastGradients = filled(stages);
    stashed = new int[stages];
  }

  private static int[] filled(int stages) {
    int[] result = new int[stages];
    Arrays.fill(result, NOWHERE);
    return result;
  }

  /** The next action of an executor; what is wrong with it, if anything is. */
  Optional<String> see(int executor, Action action) {
    Optional<String> broken = place(executor, action);
    if (broken.isEmpty() && !seen.add(action)) {
      broken = Optional.of(action.text() + " comes a second time");
    }
    return broken.or(() -> needs(action)).or(() -> order(action));
  }

  /** The first action that never came. */
  Optional<Fault> missing() {
    for (int stage = 0; stage <= last; stage++) {
      for (int m = 0; m < schedule.microBatches(); m++) {
        for (Action expected : expected(stage, m)) {
          if (!seen.contains(expected)) {
            int executor =
                executorOf[stage] == NOWHERE
                    ? stage % schedule.executors().size()
                    : executorOf[stage];
            int end = schedule.executors().get(executor).size();
            return Optional.of(new Fault(expected.text() + " is missing", executor, end, expected));
          }
        }
      }
    }
    return Optional.empty();
  }

  private List<Action> expected(int stage, int m) {
    List<Action> actions = new ArrayList<>();
    if (stage > 0) {
      actions.add(new Action.ReceiveActivations(stage, m));
    }
    actions.add(new Action.Forward(stage, m));
    if (stage < last) {
      actions.add(new Action.SendActivations(stage, m));
    }
    if (schedule.passes() == Passes.FORWARD) {
      return actions;
    }
    if (stage < last) {
      actions.add(new Action.ReceiveGradients(stage, m));
    }
    if (seen.contains(new Action.BackwardInput(stage, m))
        || seen.contains(new Action.BackwardWeights(stage, m))) {
      actions.add(new Action.BackwardInput(stage, m));
      actions.add(new Action.BackwardWeights(stage, m));
    } else {
      actions.add(new Action.Backward(stage, m));
    }
    if (stage > 0) {
      actions.add(new Action.SendGradients(stage, m));
    }
    return actions;
  }

  /** Whether the step has such an action at all; which way a backward pass goes is open here. */
  private boolean hasPlace(Action action) {
    if (action instanceof Action.BackwardInput || action instanceof Action.BackwardWeights) {
      return schedule.passes() == Passes.FORWARD_AND_BACKWARD;
    }
    return action instanceof Action.Backward
        ? schedule.passes() == Passes.FORWARD_AND_BACKWARD
        : expected(action.stage(), action.microBatch()).contains(action);
  }

  private Optional<String> place(int executor, Action action) {
    int stage = action.stage();
    if (stage < 0 || stage > last) {
      return Optional.of("there is no stage " + stage);
    }
    if (action.microBatch() < 0 || action.microBatch() >= schedule.microBatches()) {
      return Optional.of("there is no micro-batch " + action.microBatch());
    }
    if (executorOf[stage] == NOWHERE) {
      executorOf[stage] = executor;
    }
    if (executorOf[stage] != executor) {
      return Optional.of("stage " + stage + " is on executor " + executorOf[stage] + " already");
    }
    if (!hasPlace(action)) {
      return Optional.of(action.text() + " has no place in a step of this kind or at this stage");
    }
    return Optional.empty();
  }

  /** What must have come before on the same executor. */
  private Optional<String> needs(Action action) {
    int stage = action.stage();
    int m = action.microBatch();
    List<Action> needed = new ArrayList<>();
    if (action instanceof Action.Forward) {
      if (stage > 0) {
        needed.add(new Action.ReceiveActivations(stage, m));
      }
    } else if (action instanceof Action.SendActivations) {
      needed.add(new Action.Forward(stage, m));
    } else if (action instanceof Action.Backward || action instanceof Action.BackwardInput) {
      needed.add(new Action.Forward(stage, m));
      if (stage < last) {
        needed.add(new Action.ReceiveGradients(stage, m));
      }
    } else if (action instanceof Action.BackwardWeights) {
      needed.add(new Action.BackwardInput(stage, m));
    } else if (action instanceof Action.SendGradients
        && !seen.contains(new Action.BackwardInput(stage, m))) {
      needed.add(new Action.Backward(stage, m));
    }
    return needed.stream()
        .filter(other -> !seen.contains(other))
        .findFirst()
        .map(other -> action.text() + " comes without " + other.text() + " before it");
  }

  private Optional<String> order(Action action) {
    int stage = action.stage();
    int m = action.microBatch();
    if (action instanceof Action.Forward) {
      if (m < lastForward[stage]) {
        return Optional.of(
            "F" + stage + "." + lastForward[stage] + " comes before " + action.text());
      }
      lastForward[stage] = m;
      return stash(action);
    }
    boolean whole = action instanceof Action.Backward;
    if (whole || action instanceof Action.BackwardInput) {
      Action other = whole ? new Action.BackwardInput(stage, m) : new Action.Backward(stage, m);
      if (seen.contains(other)) {
        return Optional.of(action.text() + " comes beside " + other.text());
      }
      if (m < lastBackward[stage]) {
        return descends(
            action,
            new Action.Backward(stage, lastBackward[stage]),
            new Action.BackwardInput(stage, lastBackward[stage]));
      }
      lastBackward[stage] = m;
    }
    if (whole || action instanceof Action.BackwardWeights) {
      if (m < lastGradients[stage]) {
        return descends(
            action,
            new Action.Backward(stage, lastGradients[stage]),
            new Action.BackwardWeights(stage, lastGradients[stage]));
      }
      lastGradients[stage] = m;
      stashed[stage]--;
    }
    return Optional.empty();
  }

  private Optional<String> descends(Action action, Action whole, Action half) {
    Action before = seen.contains(whole) ? whole : half;
    return Optional.of(before.text() + " comes before " + action.text());
  }

  private Optional<String> stash(Action forward) {
    int stage = forward.stage();
    int now = stashed[stage] + 1;
    if (schedule.passes() == Passes.FORWARD_AND_BACKWARD) {
      stashed[stage] = now;
    }
    if (now > room.get(stage)) {
      return Optional.of(
          forward.text()
              + " would stash "
              + now
              + " micro-batches at stage "
              + stage
              + ", which has room for "
              + room.get(stage));
    }
    return Optional.empty();
  }
}
