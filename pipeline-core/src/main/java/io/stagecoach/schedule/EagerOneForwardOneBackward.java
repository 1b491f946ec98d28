package io.stagecoach.schedule;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * 1F1B that sends more micro-batches ahead, as many as cover the time that hops take: plain 1F1B
 * waits for two hops in every period as soon as hops cost time. Of stage s, (S−1−s)(1 + ⌈2c/(f+b)⌉)
 * forward passes come first (f, b the passes of the slowest stage, c a hop). Never slower than
 * GPipe, and stashes less.
 *
 * <pre>
 * time     0     1     2     3     4     5     6     7
 * stage 0  F0.0  F0.1  F0.2  B0.0        B0.1        B0.2
 * stage 1        F1.0  B1.0  F1.1  B1.1  F1.2  B1.2
 * </pre>
 *
 * <p>Until it is {@linkplain #tunedTo tuned}, a hop is taken to cost less than half of a stage's
 * passes.
 */
public final class EagerOneForwardOneBackward extends StageAuthor {

  private final long roundsAhead;

  /** For hops that cost less than half of a stage's forward and backward pass. */
  public EagerOneForwardOneBackward() {
    this(2);
  }

  private EagerOneForwardOneBackward(long roundsAhead) {
    this.roundsAhead = roundsAhead;
  }

  @Override
  public String name() {
    return "eager-1f1b";
  }

  @Override
  public Passes passes() {
    return Passes.FORWARD_AND_BACKWARD;
  }

  @Override
  public ScheduleAuthor tunedTo(StageCosts costs) {
    List<Long> periods = new ArrayList<>();
    for (int s = 0; s < costs.forward().size(); s++) {
      periods.add(costs.forward().get(s) + costs.backward().get(s));
    }
    long period = Math.max(1, Collections.max(periods));
    return new EagerOneForwardOneBackward(1 + (2 * costs.hop() + period - 1) / period);
  }

  @Override
  List<Action> stage(int stage, int stages, int microBatches) {
    int ahead = (int) Math.min((stages - 1L - stage) * roundsAhead, microBatches);
    return OneForwardOneBackward.ahead(stage, ahead, microBatches);
  }
}
