package io.stagecoach.model.text;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Byte pairs as their definition says, without a thought for time. */
final class NaiveBytePairs {

  private NaiveBytePairs() {}

  /** Learns pairs: counts all anew for each. */
  static List<List<Integer>> train(String text, int size) {
    List<List<Integer>> words = new ArrayList<>();
    Words.of(text, word -> words.add(bytes(word)));
    List<List<Integer>> merges = new ArrayList<>();
    while (257 + merges.size() < size) {
      Map<List<Integer>, Long> counts =
          new TreeMap<>(
              Comparator.<List<Integer>>comparingInt(pair -> pair.get(0))
                  .thenComparingInt(pair -> pair.get(1)));
      for (List<Integer> word : words) {
        for (int i = 0; i + 1 < word.size(); i++) {
          counts.merge(List.copyOf(word.subList(i, i + 2)), 1L, Long::sum);
        }
      }
      List<Integer> best = null;
      for (Map.Entry<List<Integer>, Long> entry : counts.entrySet()) {
        if (entry.getValue() >= 2 && (best == null || entry.getValue() > counts.get(best))) {
          best = entry.getKey();
        }
      }
      if (best == null) {
        break;
      }
      int token = 257 + merges.size();
      merges.add(best);
      for (List<Integer> word : words) {
        join(word, best, token);
      }
    }
    return merges;
  }

  /** Joins each pair in the order in which it was learned. */
  static List<Integer> encode(String text, List<List<Integer>> merges) {
    List<Integer> tokens = new ArrayList<>();
    Words.of(
        text,
        word -> {
          List<Integer> parts = bytes(word);
          for (int i = 0; i < merges.size(); i++) {
            join(parts, merges.get(i), 257 + i);
          }
          tokens.addAll(parts);
        });
    return tokens;
  }

  private static List<Integer> bytes(String word) {
    List<Integer> bytes = new ArrayList<>();
    for (byte one : word.getBytes(StandardCharsets.UTF_8)) {
      bytes.add(one & 0xFF);
    }
    return bytes;
  }

  private static void join(List<Integer> parts, List<Integer> pair, int token) {
    for (int i = 0; i + 1 < parts.size(); i++) {
      if (parts.subList(i, i + 2).equals(pair)) {
        parts.remove(i);
        parts.set(i, token);
      }
    }
  }
}
