package io.stagecoach.report.timeline;

import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.TimedAction;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Which pass feeds which on another executor. */
final class Hops {

  private Hops() {}

  /** A pass and the one that it feeds. */
  record Arrow(TimedAction from, TimedAction to) {}

  static List<Arrow> of(Timeline timeline) {
    Map<Action, TimedAction> passes = new HashMap<>();
    for (TimedAction timed : timeline.actions()) {
      Action action = timed.action();
      if (action instanceof Action.BackwardInput) {
        // Told apart no longer: either half feeds the stage before.
        passes.put(new Action.Backward(action.stage(), action.microBatch()), timed);
      } else if (action.isCompute()) {
        passes.put(action, timed);
      }
    }
    List<Arrow> arrows = new ArrayList<>();
    passes.forEach(
        (action, to) -> {
          TimedAction from = passes.get(feeds(action));
          if (from != null && from.executor() != to.executor()) {
            arrows.add(new Arrow(from, to));
          }
        });
    return arrows;
  }

  private static Action feeds(Action action) {
    return action instanceof Action.Forward
        ? new Action.Forward(action.stage() - 1, action.microBatch())
        : action instanceof Action.Backward
            ? new Action.Backward(action.stage() + 1, action.microBatch())
            : null;
  }
}
