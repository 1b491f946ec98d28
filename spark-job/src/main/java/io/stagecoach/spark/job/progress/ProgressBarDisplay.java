package io.stagecoach.spark.job.progress;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Map;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/** Progress as a bar that is drawn again in place; messages go above it. */
final class ProgressBarDisplay implements Progress {

  private static final int REDRAW_MILLIS = 250;
  private static final String ERASE_LINE = "\r\033[K";

  private final PrintStream out;
  private final ProgressBarConsumer canvas;

  private ProgressBar bar;
  private int totalEpochs;

  ProgressBarDisplay(PrintStream out) {
    this(out, new ConsoleProgressBarConsumer(out));
  }

  ProgressBarDisplay(PrintStream out, ProgressBarConsumer canvas) {
    this.out = out;
    this.canvas = canvas;
  }

  @Override
  public void start(long alreadyDone, long totalSteps, int totalEpochs) {
    this.totalEpochs = totalEpochs;
    bar =
        new ProgressBarBuilder()
            .setTaskName("training")
            .setInitialMax(totalSteps)
            .startsFrom(alreadyDone, Duration.ZERO)
            .setUnit(" steps", 1)
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(REDRAW_MILLIS)
            // Else a message would erase the bar until the next step.
            .continuousUpdate()
            .setConsumer(canvas)
            .build();
  }

  @Override
  public void step(StepDone step) {
    bar.setExtraMessage(
        " "
            + Wording.epoch(step.epoch(), totalEpochs)
            + " loss "
            + Wording.loss(step.loss())
            + " "
            + Wording.rate(step.examplesPerSecond()));
    bar.stepTo(step.done());
  }

  @Override
  public void validation(int epoch, double loss, Map<String, Double> measures) {
    message(Wording.validation(epoch, totalEpochs, loss, measures));
  }

  @Override
  public void message(String text) {
    if (bar == null) {
      out.println(text);
      return;
    }
    // The redraw comes from a thread of the bar's own: nothing of it may fall between these two.
    synchronized (out) {
      out.print(ERASE_LINE);
      out.println(text);
    }
    bar.refresh();
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
