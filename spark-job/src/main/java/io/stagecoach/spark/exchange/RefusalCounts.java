package io.stagecoach.spark.exchange;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a process refused of what came over the network, by cause; causes that never occurred are
 * left out.
 *
 * @param byCause how often
 */
public record RefusalCounts(Map<Refusal, Long> byCause) {

  public RefusalCounts {
    Map<Refusal, Long> ordered = new EnumMap<>(Refusal.class);
    ordered.putAll(byCause);
    byCause = Collections.unmodifiableMap(ordered);
  }

  /** Whether nothing was refused. */
  public boolean isEmpty() {
    return byCause.isEmpty();
  }

  /** All causes together. */
  public long total() {
    return byCause.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Such as {@code 2 not admitted, 1 corrupt}; {@code nothing} if there is none. */
  @Override
  public String toString() {
    return isEmpty()
        ? "nothing"
        : byCause.entrySet().stream()
            .map(
                entry ->
                    entry.getValue()
                        + " "
                        + entry.getKey().name().toLowerCase(Locale.ROOT).replace('_', ' '))
            .collect(Collectors.joining(", "));
  }
}
