package io.stagecoach.schedule;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * GPipe over several stages for each executor: all micro-batches through one of them, then through
 * the next. Fills and drains in the v-th part of GPipe's time, and sends the hops of a stage in one
 * go; stashes all micro-batches of all its stages.
 *
 * <pre>
 * time        0     1     2     3     4     5     6     7     8     9
 * executor 0  F0.0  F0.1  F2.0  F2.1              B2.0  B2.1  B0.0  B0.1
 * executor 1        F1.0  F1.1  F3.0  F3.1  B3.0  B3.1  B1.0  B1.1
 * </pre>
 *
 * <p>Source: Lamy-Poirier, Breadth-First Pipeline Parallelism, arXiv 2211.05953.
 */
public final class LoopedBreadthFirst implements ScheduleAuthor {

  @Override
  public String name() {
    return "looped-bfs";
  }

  @Override
  public Passes passes() {
    return Passes.FORWARD_AND_BACKWARD;
  }

  /** (E−1)/(vM+E−1) for E executors, where no executor waits between two of its stages: M ≥ E. */
  @Override
  public OptionalDouble closedFormBubble(PipelineShape shape) {
    return shape.chunks() > 1 && shape.microBatches() < shape.executors()
        ? OptionalDouble.empty()
        : OptionalDouble.of(
            new ClosedForm(shape.executors(), shape.microBatches() * shape.chunks()).bubble());
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
    for (int stage = executor; stage < shape.stages(); stage += shape.executors()) {
      for (int m = 0; m < shape.microBatches(); m++) {
        actions.add(new Action.Forward(stage, m));
      }
    }
    int last = shape.stages() - shape.executors() + executor;
    for (int stage = last; stage >= 0; stage -= shape.executors()) {
      for (int m = 0; m < shape.microBatches(); m++) {
        actions.add(new Action.Backward(stage, m));
      }
    }
    return actions;
  }
}
