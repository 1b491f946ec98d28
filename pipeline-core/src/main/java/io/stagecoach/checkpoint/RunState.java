package io.stagecoach.checkpoint;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * All of a run's state but its tensors and its model's configuration.
 *
 * @param position where in its data it is
 * @param counters what it has counted
 * @param seed what the order of the examples and every random mask are drawn from; with position
 *     and counters it is all that randomness needs
 * @param plan how it went
 * @param fingerprint what its weights depend on
 * @param learned what it learned from its data, as texts by name: labels' names, tokenizer,
 *     normalizer
 * @param history its report so far, as whoever writes reports reads it; empty for none
 */
public record RunState(
    Position position,
    Counters counters,
    long seed,
    RecordedPlan plan,
    Fingerprint fingerprint,
    Map<String, String> learned,
    String history) {

  public RunState {
    learned = Collections.unmodifiableMap(new TreeMap<>(learned));
  }
}
