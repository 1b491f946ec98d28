package io.stagecoach.spark.job.progress;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;

/** How numbers and times are written in progress displays: short, and alike in every locale. */
final class Wording {

  private Wording() {}

  /** A loss with four significant digits or so; a loss that is not finite is written as it is. */
  static String loss(double loss) {
    if (!Double.isFinite(loss)) {
      return Double.toString(loss);
    }
    double size = Math.abs(loss);
    String format = size != 0 && size < 0.001 ? "%.3e" : size < 1000 ? "%.4f" : "%.1f";
    return String.format(Locale.ROOT, format, loss);
  }

  /** A rate in examples per second. */
  static String rate(double examplesPerSecond) {
    String format = examplesPerSecond < 10 ? "%.2f examples/s" : "%.0f examples/s";
    return String.format(Locale.ROOT, format, examplesPerSecond);
  }

  /** A time as the two largest of its units say it: {@code 45s}, {@code 1m20s}, {@code 2h05m}. */
  static String time(Duration time) {
    long seconds = Math.round(time.toMillis() / 1000.0);
    if (seconds < 60) {
      return seconds + "s";
    }
    if (seconds < 3600) {
      return String.format(Locale.ROOT, "%dm%02ds", seconds / 60, seconds % 60);
    }
    long minutes = Math.round(seconds / 60.0);
    return String.format(Locale.ROOT, "%dh%02dm", minutes / 60, minutes % 60);
  }

  /** The epoch, with how many there are where there are several. */
  static String epoch(int epoch, int totalEpochs) {
    return totalEpochs > 1 ? "epoch " + epoch + "/" + totalEpochs : "epoch " + epoch;
  }

  /** What validation found. */
  static String validation(int epoch, int totalEpochs, double loss, Map<String, Double> measures) {
    StringBuilder said = new StringBuilder("validation after ");
    said.append(epoch(epoch, totalEpochs)).append(" loss ").append(loss(loss));
    measures.forEach(
        (name, value) ->
            said.append(' ').append(name.replace('_', ' ')).append(' ').append(loss(value)));
    return said.toString();
  }
}
