package io.stagecoach.report;

import io.stagecoach.engine.Loss;
import io.stagecoach.schedule.Action;
import io.stagecoach.stage.Span;
import io.stagecoach.stage.StageStep;
import io.stagecoach.stage.Traffic;
import io.stagecoach.tensor.Narrowing;
import java.util.ArrayList;
import java.util.List;

/** Made-up steps of known times. */
final class Steps {

  private static final long MILLI = 1_000_000;

  private Steps() {}

  /** A stage that waits 1 ms, then runs so many forwards and backwards. */
  static StageStep stage(
      int stage, int microBatches, long forward, long backward, long elapsed, Traffic traffic) {
    List<Span> spans = new ArrayList<>();
    long at = 0;
    for (int m = 0; m < microBatches; m++) {
      spans.add(new Span(new Action.ReceiveActivations(stage, m), at, at + MILLI));
      at += MILLI;
      spans.add(new Span(new Action.Forward(stage, m), at, at + forward * MILLI));
      at += forward * MILLI;
    }
    for (int m = 0; m < microBatches; m++) {
      spans.add(new Span(new Action.Backward(stage, m), at, at + backward * MILLI));
      at += backward * MILLI;
    }
    return new StageStep(
        stage,
        stage,
        0,
        0,
        Loss.none(),
        0,
        0,
        elapsed * MILLI,
        spans,
        traffic,
        microBatches - stage);
  }

  static Traffic traffic(long hops, long sent, long send, long received, long receive) {
    return traffic(hops, sent, send, received, receive, Narrowing.none());
  }

  static Traffic traffic(
      long hops, long sent, long send, long received, long receive, Narrowing narrowing) {
    return new Traffic(hops, sent, hops, received, send * MILLI, receive * MILLI, narrowing);
  }

  static StepRecord step(
      long step,
      double loss,
      double norm,
      boolean skipped,
      long examples,
      List<Long> wallBarrierUpdateDistribute,
      StageStep... stages) {
    return new StepRecord(
        step,
        loss,
        norm,
        skipped,
        examples,
        wallBarrierUpdateDistribute.get(0) * MILLI,
        wallBarrierUpdateDistribute.get(1) * MILLI,
        wallBarrierUpdateDistribute.get(2) * MILLI,
        wallBarrierUpdateDistribute.get(3) * MILLI,
        List.of(stages));
  }
}
