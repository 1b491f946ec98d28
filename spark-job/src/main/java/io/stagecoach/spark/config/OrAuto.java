package io.stagecoach.spark.config;

import java.util.Optional;
import java.util.function.Function;

/**
 * A value that the user says, or leaves to the run.
 *
 * @param fixed the value; none where the run chooses it at its first start
 * @param <T> the value's type
 */
public record OrAuto<T>(Optional<T> fixed) {

  /** The word that leaves it to the run. */
  public static final String WORD = "auto";

  /** A value that the user says. */
  public static <T> OrAuto<T> of(T value) {
    return new OrAuto<>(Optional.of(value));
  }

  /** Left to the run. */
  public static <T> OrAuto<T> auto() {
    return new OrAuto<>(Optional.empty());
  }

  /** Whether the run chooses. */
  public boolean isAuto() {
    return fixed.isEmpty();
  }

  /** As the user writes it. */
  String format(Function<T, String> ofValue) {
    return fixed.map(ofValue).orElse(WORD);
  }
}
