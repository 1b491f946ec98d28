package io.stagecoach.spark.job.progress;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Progress as lines of a log: {@code step 12/200 epoch 1 loss 2.3100 1234 examples/s remaining
 * 1m20s}. Steps get at most one line a second; the last one always gets its line.
 */
final class ProgressLines implements Progress {

  private static final long INTERVAL_NANOS = Duration.ofSeconds(1).toNanos();

  private final PrintStream out;
  private final LongSupplier nanoClock;
  private final Pace pace;

  private long totalSteps;
  private int totalEpochs;
  private StepDone heldBack;
  private boolean stepShown;
  private long shownAt;

  ProgressLines(PrintStream out, LongSupplier nanoClock) {
    this.out = out;
    this.nanoClock = nanoClock;
    this.pace = new Pace(nanoClock);
  }

  @Override
  public void start(long alreadyDone, long totalSteps, int totalEpochs) {
    this.totalSteps = totalSteps;
    this.totalEpochs = totalEpochs;
    pace.mark(alreadyDone);
  }

  @Override
  public void step(StepDone step) {
    pace.mark(step.done());
    heldBack = step;
    boolean due = !stepShown || nanoClock.getAsLong() - shownAt >= INTERVAL_NANOS;
    if (due || step.done() >= totalSteps) {
      showStep();
    }
  }

  @Override
  public void validation(int epoch, double loss, Map<String, Double> measures) {
    message(Wording.validation(epoch, totalEpochs, loss, measures));
  }

  @Override
  public void message(String text) {
    out.println(text);
  }

  @Override
  public void close() {
    if (heldBack != null) {
      showStep();
    }
  }

  private void showStep() {
    StringBuilder line = new StringBuilder();
    line.append("step ").append(heldBack.done()).append('/').append(totalSteps);
    line.append(' ').append(Wording.epoch(heldBack.epoch(), totalEpochs));
    line.append(" loss ").append(Wording.loss(heldBack.loss()));
    line.append(' ').append(Wording.rate(heldBack.examplesPerSecond()));
    pace.until(totalSteps)
        .filter(left -> !left.isZero())
        .ifPresent(left -> line.append(" remaining ").append(Wording.time(left)));
    out.println(line);
    heldBack = null;
    stepShown = true;
    shownAt = nanoClock.getAsLong();
  }
}
