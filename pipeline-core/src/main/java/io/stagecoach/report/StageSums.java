package io.stagecoach.report;

import io.stagecoach.schedule.Action;
import io.stagecoach.stage.Span;
import io.stagecoach.stage.StageStep;
import io.stagecoach.stage.Traffic;

/** Running sums of one stage. */
final class StageSums {

  private final int stage;
  private final HopSums sent = new HopSums();
  private final HopSums received = new HopSums();
  private int executor;
  private long forwards;
  private long forwardNanos;
  private long backwards;
  private long backwardNanos;
  private long halves;
  private long halvesNanos;

  StageSums(int stage) {
    this.stage = stage;
  }

  void add(StageStep step) {
    executor = step.executor();
    for (Span span : step.spans()) {
      if (span.action() instanceof Action.Forward) {
        forwards++;
        forwardNanos += span.nanos();
      } else if (span.action() instanceof Action.Backward
          || span.action() instanceof Action.BackwardInput) {
        backwards++;
        backwardNanos += span.nanos();
      } else if (span.action() instanceof Action.BackwardWeights) {
        // The second half of a pass that was counted with its first.
        backwardNanos += span.nanos();
        halves++;
        halvesNanos += span.nanos();
      }
    }
    Traffic traffic = step.traffic();
    sent.add(traffic.hopsSent(), traffic.bytesSent(), traffic.sendNanos());
    received.add(traffic.hopsReceived(), traffic.bytesReceived(), traffic.receiveNanos());
  }

  long busyNanos() {
    return forwardNanos + backwardNanos;
  }

  int executor() {
    return executor;
  }

  HopSums sent() {
    return sent;
  }

  HopSums received() {
    return received;
  }

  StageFigures figures(long steps, long idleNanos, int peakStash) {
    return new StageFigures(
        stage,
        executor,
        Millis.mean(forwardNanos, forwards),
        Millis.mean(backwardNanos, backwards),
        Millis.mean(halvesNanos, halves),
        Millis.mean(busyNanos(), steps),
        Millis.mean(idleNanos, steps),
        peakStash,
        sent.figures(steps),
        received.figures(steps));
  }
}
