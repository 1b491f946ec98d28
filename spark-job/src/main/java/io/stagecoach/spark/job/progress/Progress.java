package io.stagecoach.spark.job.progress;

import io.stagecoach.spark.config.ProgressStyle;
import java.io.PrintStream;
import java.util.Map;

/**
 * What the step loop tells, as it goes on, to whoever watches. The order of calls is {@link
 * #start}, then any of the others, then {@link #close}. Not safe for use by several threads.
 */
public interface Progress extends AutoCloseable {

  /**
   * The display of a style.
   *
   * @param style {@code auto} is a bar where this process's standard error stream is a terminal,
   *     and lines elsewhere
   * @param out where it is shown
   */
  static Progress of(ProgressStyle style, PrintStream out) {
    return switch (style) {
      case AUTO -> of(StandardError.isTerminal() ? ProgressStyle.BAR : ProgressStyle.LINES, out);
      case BAR -> new ProgressBarDisplay(out);
      case LINES -> new ProgressLines(out, System::nanoTime);
      case NONE -> new Silence();
    };
  }

  /**
   * The steps begin.
   *
   * @param alreadyDone steps done before this process, where a run is resumed; else 0
   * @param totalSteps the steps of the whole run, those already done among them
   * @param totalEpochs the epochs of the whole run
   */
  void start(long alreadyDone, long totalSteps, int totalEpochs);

  /** A step was committed. */
  void step(StepDone step);

  /**
   * The validation share was evaluated.
   *
   * @param epoch the epoch it was evaluated after, from 1
   * @param loss mean loss per example, or per time step where the model is recurrent
   * @param measures what else was measured and should be seen, by name
   */
  void validation(int epoch, double loss, Map<String, Double> measures);

  /** Something a person wants to know: a phase begins, a file was written. One line. */
  void message(String text);

  /** The steps are over, at the last one or before it. Closing again does nothing. */
  @Override
  void close();
}
