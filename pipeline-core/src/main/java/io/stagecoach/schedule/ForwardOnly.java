package io.stagecoach.schedule;

import java.util.ArrayList;
import java.util.List;

/**
 * Forward passes and nothing else: evaluation. Where executors have several stages, micro-batches
 * go round in groups of as many as there are executors, so that each executor always has the next
 * one at hand.
 *
 * <pre>
 * time        0     1     2     3     4     5     6     7
 * executor 0  F0.0  F0.1  F2.0  F2.1  F0.2  F0.3  F2.2  F2.3
 * executor 1        F1.0  F1.1  F3.0  F3.1  F1.2  F1.3  F3.2  F3.3
 * </pre>
 */
public final class ForwardOnly implements ScheduleAuthor {

  @Override
  public String name() {
    return "forward";
  }

  @Override
  public Passes passes() {
    return Passes.FORWARD;
  }

  @Override
  public List<List<Action>> compute(PipelineShape shape) {
    List<List<Action>> executors = new ArrayList<>();
    for (int e = 0; e < shape.executors(); e++) {
      executors.add(executor(e, shape));
    }
    return executors;
  }

  private static List<Action> executor(int executor, PipelineShape shape) {
    List<Action> actions = new ArrayList<>();
    for (int first = 0; first < shape.microBatches(); first += shape.executors()) {
      int end = Math.min(shape.microBatches(), first + shape.executors());
      for (int stage = executor; stage < shape.stages(); stage += shape.executors()) {
        for (int m = first; m < end; m++) {
          actions.add(new Action.Forward(stage, m));
        }
      }
    }
    return actions;
  }
}
