package io.stagecoach.schedule;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * All forward passes, then all backward passes.
 *
 * <pre>
 * time     0     1     2     3     4     5     6     7
 * stage 0  F0.0  F0.1  F0.2                    B0.0  B0.1  B0.2
 * stage 1        F1.0  F1.1  F1.2  B1.0  B1.1  B1.2
 * </pre>
 *
 * <p>Source: Huang et al., GPipe, arXiv 1811.06965; backwards ascend here, as under every schedule.
 */
public final class GPipe extends StageAuthor {

  @Override
  public String name() {
    return "gpipe";
  }

  @Override
  public Passes passes() {
    return Passes.FORWARD_AND_BACKWARD;
  }

  @Override
  public OptionalDouble closedFormBubble(PipelineShape shape) {
    return OptionalDouble.of(new ClosedForm(shape.stages(), shape.microBatches()).bubble());
  }

  @Override
  List<Action> stage(int stage, int stages, int microBatches) {
    List<Action> actions = new ArrayList<>();
    for (int m = 0; m < microBatches; m++) {
      actions.add(new Action.Forward(stage, m));
    }
    for (int m = 0; m < microBatches; m++) {
      actions.add(new Action.Backward(stage, m));
    }
    return actions;
  }
}
