package io.stagecoach.schedule;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Forward passes until the first gradient can be there, then one forward, one backward. Idles as
 * long as GPipe, and stashes no more micro-batches than there are stages ahead.
 *
 * <pre>
 * time     0     1     2     3     4     5     6     7
 * stage 0  F0.0  F0.1        B0.0  F0.2  B0.1        B0.2
 * stage 1        F1.0  B1.0  F1.1  B1.1  F1.2  B1.2
 * </pre>
 *
 * <p>Source: Narayanan et al., PipeDream-Flush, arXiv 2006.09503.
 */
public final class OneForwardOneBackward extends StageAuthor {

  @Override
  public String name() {
    return "1f1b";
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
    return ahead(stage, Math.min(stages - 1 - stage, microBatches), microBatches);
  }

  /** So many forward passes first, then one backward and one forward in turn. */
  static List<Action> ahead(int stage, int ahead, int microBatches) {
    List<Action> actions = new ArrayList<>();
    for (int m = 0; m < ahead; m++) {
      actions.add(new Action.Forward(stage, m));
    }
    for (int m = ahead; m < microBatches; m++) {
      actions.add(new Action.Forward(stage, m));
      actions.add(new Action.Backward(stage, m - ahead));
    }
    for (int m = microBatches - ahead; m < microBatches; m++) {
      actions.add(new Action.Backward(stage, m));
    }
    return actions;
  }
}
