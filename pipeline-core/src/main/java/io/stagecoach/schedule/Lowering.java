package io.stagecoach.schedule;

import java.util.ArrayList;
import java.util.List;

/**
 * Adds the sends and receives that a list of compute actions implies: a receive right before it is
 * needed, a send right after it is computed.
 *
 * <p>A send stands before every later receive of its executor, so nobody waits for what a waiting
 * peer still holds back: with asynchronous sends the result cannot deadlock unless the compute
 * actions themselves wait in a circle. {@link ScheduleValidator} also says so of sends that block.
 */
public final class Lowering {

  private Lowering() {}

  /** The same schedule with its sends and receives; those it had already are placed anew. */
  public static Schedule lower(Schedule schedule) {
    int last = schedule.stages() - 1;
    List<List<Action>> executors = new ArrayList<>();
    for (List<Action> actions : schedule.executors()) {
      List<Action> lowered = new ArrayList<>(3 * actions.size());
      for (Action action : actions) {
        if (action instanceof Action.Forward) {
          lowerForward(action, last, lowered);
        } else if (action instanceof Action.Backward || action instanceof Action.BackwardInput) {
          lowerBackward(action, last, lowered);
        } else if (action instanceof Action.BackwardWeights) {
          lowered.add(action);
        }
      }
      executors.add(lowered);
    }
    return new Schedule(
        schedule.name(), schedule.stages(), schedule.microBatches(), schedule.passes(), executors);
  }

  private static void lowerForward(Action forward, int last, List<Action> to) {
    int stage = forward.stage();
    if (stage > 0) {
      to.add(new Action.ReceiveActivations(stage, forward.microBatch()));
    }
    to.add(forward);
    if (stage < last) {
      to.add(new Action.SendActivations(stage, forward.microBatch()));
    }
  }

  private static void lowerBackward(Action backward, int last, List<Action> to) {
    int stage = backward.stage();
    if (stage < last) {
      to.add(new Action.ReceiveGradients(stage, backward.microBatch()));
    }
    to.add(backward);
    if (stage > 0) {
      to.add(new Action.SendGradients(stage, backward.microBatch()));
    }
  }
}
