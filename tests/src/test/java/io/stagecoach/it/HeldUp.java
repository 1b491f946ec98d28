package io.stagecoach.it;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Executors that a cluster starts in the place of others, and that are stopped before Spark knows
 * of them: for it the cluster gives none. They go on when this is closed.
 */
final class HeldUp implements AutoCloseable {

  private final StagecoachProcess run;
  private final List<ProcessHandle> others;
  private final Set<ProcessHandle> stopped = new HashSet<>();

  private HeldUp(StagecoachProcess run, List<ProcessHandle> others) {
    this.run = run;
    this.others = others;
  }

  /** All of a run that come beside these. */
  static HeldUp but(StagecoachProcess run, List<ProcessHandle> executors) {
    return new HeldUp(run, List.copyOf(executors));
  }

  /** Holds up whoever comes until something has happened. */
  void until(BooleanSupplier condition) {
    Awaiting.await(
        Duration.ofMinutes(3),
        () -> {
          run.executors().stream()
              .filter(executor -> !others.contains(executor) && stopped.add(executor))
              .forEach(executor -> Signals.send("STOP", executor));
          return condition.getAsBoolean();
        });
  }

  @Override
  public void close() {
    stopped.stream()
        .filter(ProcessHandle::isAlive)
        .forEach(executor -> Signals.send("CONT", executor));
  }
}
