package io.stagecoach.model.text;

/**
 * How many texts are under way at once. It makes no difference to any of them.
 *
 * @param sequences the most texts of a group, which the model takes as one batch; at least 1
 * @param groups the most groups, which may be in different parts of the model at the same time; at
 *     least 1
 */
public record Grouping(int sequences, int groups) {

  /** One text after the other. */
  public static final Grouping SINGLE = new Grouping(1, 1);

  public Grouping {
    if (sequences < 1 || groups < 1) {
      throw new IllegalArgumentException(groups + " groups of " + sequences);
    }
  }

  /** How many texts make a group, where there are so many: few are spread over all groups. */
  int sequencesOf(int texts) {
    return Math.max(1, Math.min(sequences, (texts + groups - 1) / groups));
  }
}
