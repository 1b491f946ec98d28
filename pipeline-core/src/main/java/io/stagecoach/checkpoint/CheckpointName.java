package io.stagecoach.checkpoint;

import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a checkpoint's folder. Which is the newest is a matter of its number alone: a run
 * that begins anew has lower steps than the one before, and clocks differ.
 *
 * @param number counts the checkpoints of a directory, over all runs
 * @param step how many steps the run had done
 * @param mark told apart from another one of this number, should two processes write at once
 */
public record CheckpointName(long number, long step, String mark)
    implements Comparable<CheckpointName> {

  private static final Pattern FORM =
      Pattern.compile("checkpoint-([0-9]{1,18})-step-([0-9]{1,18})-([0-9a-f]{8})");

  private static final Comparator<CheckpointName> ORDER =
      Comparator.comparingLong(CheckpointName::number)
          .thenComparingLong(CheckpointName::step)
          .thenComparing(CheckpointName::mark);

  static CheckpointName next(long number, long step) {
    return new CheckpointName(number, step, UUID.randomUUID().toString().substring(0, 8));
  }

  /** The name in a folder's name; empty for a folder that is something else. */
  static Optional<CheckpointName> parse(String folder) {
    Matcher matcher = FORM.matcher(folder);
    return matcher.matches()
        ? Optional.of(
            new CheckpointName(
                Long.parseLong(matcher.group(1)),
                Long.parseLong(matcher.group(2)),
                matcher.group(3)))
        : Optional.empty();
  }

  @Override
  public int compareTo(CheckpointName other) {
    return ORDER.compare(this, other);
  }

  /** The folder's name. */
  @Override
  public String toString() {
    return String.format(Locale.ROOT, "checkpoint-%06d-step-%d-%s", number, step, mark);
  }
}
