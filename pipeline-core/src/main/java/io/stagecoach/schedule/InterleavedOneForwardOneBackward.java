package io.stagecoach.schedule;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * 1F1B over v stages for each executor, which fills and drains in the v-th part of the time, for v
 * times the hops and more stashed. Micro-batches go round the executors in groups of as many as
 * there are executors.
 *
 * <pre>
 * time        0     1     2     3     4     5     6     7     8     9
 * executor 0  F0.0  F0.1  F2.0  F2.1        B2.0        B2.1  B0.0  B0.1
 * executor 1        F1.0  F1.1  F3.0  B3.0  F3.1  B3.1  B1.0  B1.1
 * </pre>
 *
 * <p>Where the executors do not divide the micro-batches, the last group is written as if it were
 * full, and the passes of the missing micro-batches are left out: whatever order was possible stays
 * possible, and the step takes at most as long as with the full group. The price is the part of the
 * bubble that the missing ones would have filled.
 *
 * <p>Source: Narayanan et al., Efficient Large-Scale Language Model Training on GPU Clusters Using
 * Megatron-LM, arXiv 2104.04473.
 */
public final class InterleavedOneForwardOneBackward implements ScheduleAuthor {

  @Override
  public String name() {
    return "interleaved-1f1b";
  }

  @Override
  public Passes passes() {
    return Passes.FORWARD_AND_BACKWARD;
  }

  /** (E−1)/(vM+E−1) for E executors that divide M. */
  @Override
  public OptionalDouble closedFormBubble(PipelineShape shape) {
    return shape.microBatches() % shape.executors() != 0
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
    int size = shape.executors();
    int groups = (shape.microBatches() + size - 1) / size;
    int passes = groups * size * shape.chunks();
    int ahead = Math.min(passes, 2 * (size - 1 - executor) + (shape.chunks() - 1) * size);
    List<Action> actions = new ArrayList<>(2 * passes);
    for (int i = 0; i < ahead; i++) {
      add(forward(i, executor, shape), shape, actions);
    }
    for (int i = ahead; i < passes; i++) {
      add(forward(i, executor, shape), shape, actions);
      add(backward(i - ahead, executor, shape), shape, actions);
    }
    for (int i = passes - ahead; i < passes; i++) {
      add(backward(i, executor, shape), shape, actions);
    }
    return actions;
  }

  private static void add(Action action, PipelineShape shape, List<Action> to) {
    if (action.microBatch() < shape.microBatches()) {
      to.add(action);
    }
  }

  /** An executor's i-th forward pass: by group, then by chunk, then by micro-batch. */
  private static Action forward(int i, int executor, PipelineShape shape) {
    return new Action.Forward(chunk(i, shape) * shape.executors() + executor, microBatch(i, shape));
  }

  /** Backward passes take the chunks the other way. */
  private static Action backward(int i, int executor, PipelineShape shape) {
    int chunk = shape.chunks() - 1 - chunk(i, shape);
    return new Action.Backward(chunk * shape.executors() + executor, microBatch(i, shape));
  }

  private static int chunk(int i, PipelineShape shape) {
    return i / shape.executors() % shape.chunks();
  }

  private static int microBatch(int i, PipelineShape shape) {
    int group = i / (shape.executors() * shape.chunks());
    return group * shape.executors() + i % shape.executors();
  }
}
