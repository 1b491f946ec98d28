package io.stagecoach.schedule;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * 1F1B whose backward passes are split, so that the gradients of the parameters (W), which nobody
 * waits for, fill the time in which a stage would wait. A stage keeps at most as many W open as
 * there are stages before it, so that it stashes no more than S micro-batches.
 *
 * <pre>
 * time     0     1     2     3     4     5     6     7     8     9
 * stage 0  F0.0  F0.1        I0.0  W0.0  F0.2  I0.1  W0.1  I0.2  W0.2
 * stage 1        F1.0  I1.0  F1.1  I1.1  W1.0  F1.2  I1.2  W1.1  W1.2
 * </pre>
 *
 * <p>Idles (S−1)(f+i−w) where there are as many micro-batches as stages and W takes the least time
 * of the three: half of what 1F1B idles, and less. Source: Qi et al., Zero Bubble Pipeline
 * Parallelism, arXiv 2401.10241, ZB-H1.
 */
public final class ZeroBubbleH1 extends StageAuthor {

  @Override
  public String name() {
    return "zb-h1";
  }

  @Override
  public Passes passes() {
    return Passes.FORWARD_AND_BACKWARD;
  }

  /** With f = i = w: (S−1)f of 3Mf + (S−1)f. */
  @Override
  public OptionalDouble closedFormBubble(PipelineShape shape) {
    double idle = shape.stages() - 1.0;
    return shape.microBatches() < shape.stages()
        ? OptionalDouble.empty()
        : OptionalDouble.of(idle / (3.0 * shape.microBatches() + idle));
  }

  @Override
  List<Action> stage(int stage, int stages, int microBatches) {
    int ahead = Math.min(stages - 1 - stage, microBatches);
    List<Action> actions = new ArrayList<>(3 * microBatches);
    for (int m = 0; m < ahead; m++) {
      actions.add(new Action.Forward(stage, m));
    }
    int weights = 0;
    for (int m = 0; m < microBatches; m++) {
      boolean forwardsLeft = m + ahead < microBatches;
      if (forwardsLeft) {
        actions.add(new Action.Forward(stage, m + ahead));
      }
      actions.add(new Action.BackwardInput(stage, m));
      // Once nothing is left to send forward, every wait for a gradient has room for one W.
      if (!forwardsLeft || m >= stage) {
        actions.add(new Action.BackwardWeights(stage, weights++));
      }
    }
    while (weights < microBatches) {
      actions.add(new Action.BackwardWeights(stage, weights++));
    }
    return actions;
  }
}
