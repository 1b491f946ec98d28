package io.stagecoach.spark.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Finds what a user most likely meant by a name that does not exist. */
public final class Nearest {

  private Nearest() {}

  /**
   * The candidate with the fewest single-letter changes and swaps of neighbours (case ignored) from
   * the word; the first by name among equals. Empty where there are no candidates.
   */
  public static Optional<String> to(String word, Collection<String> candidates) {
    String wanted = word.toLowerCase(Locale.ROOT);
    return candidates.stream()
        .min(
            Comparator.comparingInt(
                    (String candidate) -> distance(wanted, candidate.toLowerCase(Locale.ROOT)))
                .thenComparing(Comparator.naturalOrder()));
  }

  /** Single-letter changes and swaps of neighbours ("optimal string alignment"). */
  private static int distance(String a, String b) {
    int[][] changes = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        changes[i][j] = i == 0 || j == 0 ? i + j : fewest(changes, a, b, i, j);
      }
    }
    return changes[a.length()][b.length()];
  }

  private static int fewest(int[][] changes, String a, String b, int i, int j) {
    boolean same = a.charAt(i - 1) == b.charAt(j - 1);
    int fewest =
        Math.min(
            changes[i - 1][j - 1] + (same ? 0 : 1),
            1 + Math.min(changes[i - 1][j], changes[i][j - 1]));
    boolean swapped =
        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
    return swapped ? Math.min(fewest, changes[i - 2][j - 2] + 1) : fewest;
  }
}
