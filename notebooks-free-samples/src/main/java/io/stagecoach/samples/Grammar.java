package io.stagecoach.samples;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A context-free grammar that writes text. In its source a line {@code name:} begins a rule, and
 * every line after it, up to the next, is one of the texts that the rule may become, all equally
 * likely; {@code <name>} in a text stands for a rule. Empty lines and lines that begin with {@code
 * #} say nothing.
 */
public final class Grammar {

  private static final Pattern REFERENCE = Pattern.compile("<([a-z-]+)>");

  private final Map<String, List<String>> rules;

  private Grammar(Map<String, List<String>> rules) {
    this.rules = rules;
  }

  /**
   * Reads a grammar.
   *
   * @throws IllegalArgumentException if a text comes before the first rule, a rule has no text, or
   *     a text refers to a rule that is not there
   */
  public static Grammar parse(String source) {
    Map<String, List<String>> rules = new LinkedHashMap<>();
    List<String> texts = null;
    for (String line : source.lines().map(String::strip).toList()) {
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      if (line.matches("[a-z-]+:")) {
        texts = rules.computeIfAbsent(line.substring(0, line.length() - 1), n -> new ArrayList<>());
      } else if (texts == null) {
        throw new IllegalArgumentException("a text before the first rule: " + line);
      } else {
        texts.add(line);
      }
    }
    rules.forEach((name, alternatives) -> check(name, alternatives, rules));
    return new Grammar(rules);
  }

  private static void check(
      String name, List<String> alternatives, Map<String, List<String>> rules) {
    if (alternatives.isEmpty()) {
      throw new IllegalArgumentException("the rule " + name + " has no text");
    }
    for (String text : alternatives) {
      Matcher reference = REFERENCE.matcher(text);
      while (reference.find()) {
        if (!rules.containsKey(reference.group(1))) {
          throw new IllegalArgumentException(
              "the rule " + name + " refers to " + reference.group(1) + ", which is not there");
        }
      }
    }
  }

  /** Writes what a rule may become, with every choice drawn from the generator. */
  public String write(String rule, RandomGenerator random) {
    List<String> alternatives = rules.get(rule);
    if (alternatives == null) {
      throw new IllegalArgumentException("there is no rule " + rule);
    }
    String text = alternatives.get(random.nextInt(alternatives.size()));
    StringBuilder written = new StringBuilder();
    Matcher reference = REFERENCE.matcher(text);
    while (reference.find()) {
      reference.appendReplacement(
          written, Matcher.quoteReplacement(write(reference.group(1), random)));
    }
    reference.appendTail(written);
    return written.toString();
  }
}
