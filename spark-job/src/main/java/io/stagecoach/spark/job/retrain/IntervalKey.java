package io.stagecoach.spark.job.retrain;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.regex.Pattern;

/**
 * The name of an interval of the data, as the scheduler says it: a day, an hour, a number. Nothing
 * is calculated with it. It names a folder and stands in conditions of SQL: its characters are safe
 * in both.
 *
 * @param text the name
 */
public record IntervalKey(String text) {

  /** What stands for the interval in settings. */
  public static final String PLACEHOLDER = "{interval}";

  private static final Pattern FORM = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._+-]{0,63}");

  public IntervalKey {
    if (!FORM.matcher(text).matches()) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "The interval is '"
              + text
              + "'; allowed are letters, digits and . _ + -, at most 64, a letter or digit first",
          "Name it such as 2026-11-19 or 2026-11-19T06; today and yesterday are days in UTC.");
    }
  }

  /**
   * Reads what a user writes. The words {@code today} and {@code yesterday} are days of the clock
   * in UTC, for schedulers that cannot write a date.
   *
   * @throws StagecoachException CONFIGURATION if it is no name of an interval
   */
  public static IntervalKey parse(String text, Clock clock) {
    LocalDate today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
    return switch (text) {
      case "today" -> new IntervalKey(today.toString());
      case "yesterday" -> new IntervalKey(today.minusDays(1).toString());
      default -> new IntervalKey(text);
    };
  }

  /** The template with the interval in it. */
  public String fill(String template) {
    return template.replace(PLACEHOLDER, text);
  }

  @Override
  public String toString() {
    return text;
  }
}
