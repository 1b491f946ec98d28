package io.stagecoach.checkpoint;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Everything that a run's weights depend on, fact by fact, so that two runs can be told apart and
 * told why.
 *
 * @param facts the facts by name; long ones as a digest
 */
public record Fingerprint(@JsonValue SortedMap<String, String> facts) {

  private static final int SHOWN = 80;

  public Fingerprint {
    facts = Collections.unmodifiableSortedMap(new TreeMap<>(facts));
  }

  /** These facts. */
  @JsonCreator
  public static Fingerprint of(Map<String, String> facts) {
    return new Fingerprint(new TreeMap<>(facts));
  }

  /**
   * What is different now, a line each; empty where nothing is.
   *
   * @param now the fingerprint of the run that is to go on
   */
  public List<String> differences(Fingerprint now) {
    TreeSet<String> names = new TreeSet<>(facts.keySet());
    names.addAll(now.facts.keySet());
    List<String> differences = new ArrayList<>();
    for (String name : names) {
      String before = facts.get(name);
      String after = now.facts.get(name);
      if (before == null || !before.equals(after)) {
        differences.add(name + " was " + shown(before) + ", is " + shown(after));
      }
    }
    return differences;
  }

  private static String shown(String value) {
    if (value == null || value.isEmpty()) {
      return "not set";
    }
    return value.length() > SHOWN ? value.substring(0, SHOWN) + "…" : value;
  }
}
