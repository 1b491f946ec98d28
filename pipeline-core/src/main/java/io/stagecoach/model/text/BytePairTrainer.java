package io.stagecoach.model.text;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Learns byte pairs from how often each word is in a text. Again and again the most frequent pair
 * of neighbouring tokens within words becomes a token of its own; of equally frequent pairs the one
 * with the smaller left token, then with the smaller right one. A pair that is there only once is
 * not joined. So the result depends on the counts alone, not on their order.
 *
 * <p>Only the words that hold the joined pair are looked at again: the time goes with the
 * occurrences of all joined pairs among the different words, not with the text.
 */
public final class BytePairTrainer {

  private static final long LEAST_COUNT = 2;

  /** A pair as it was counted when it was put into the queue. */
  private record Candidate(long pair, long count) {

    static final Comparator<Candidate> ORDER =
        Comparator.comparingLong(Candidate::count).reversed().thenComparingLong(Candidate::pair);
  }

  private static final class Pair {
    private long count;
    // A word may be listed twice, or have lost the pair since.
    private final TokenList words = new TokenList(2);
  }

  private final int[][] words;
  private final int[] lengths;
  private final long[] counts;
  private final Map<Long, Pair> pairs = new HashMap<>();
  private final PriorityQueue<Candidate> queue = new PriorityQueue<>(Candidate.ORDER);
  private final Set<Long> changed = new HashSet<>();

  private BytePairTrainer(Map<String, Long> counted) {
    List<Map.Entry<String, Long>> entries =
        counted.entrySet().stream().sorted(Map.Entry.comparingByKey()).toList();
    words = new int[entries.size()][];
    lengths = new int[entries.size()];
    counts = new long[entries.size()];
    for (int i = 0; i < words.length; i++) {
      byte[] bytes = entries.get(i).getKey().getBytes(StandardCharsets.UTF_8);
      words[i] = new int[bytes.length];
      for (int j = 0; j < bytes.length; j++) {
        words[i][j] = Byte.toUnsignedInt(bytes[j]);
      }
      lengths[i] = bytes.length;
      counts[i] = entries.get(i).getValue();
    }
  }

  /** Gives each word of a text to {@code sink}: what must be counted. Counts may be added up. */
  public static void words(String text, Consumer<String> sink) {
    Words.of(text, sink);
  }

  /** Where a text may be cut so that its parts have the words of the whole. */
  public static TextCut cut() {
    return TextCut.BEFORE_WHITE_SPACE;
  }

  /**
   * Learns a tokenizer.
   *
   * @param counts how often each word of {@link #words} is in the text
   * @param size how many tokens there may be; fewer where no pair is left that occurs twice
   */
  public static BytePairTokenizer train(Map<String, Long> counts, int size) {
    int pairs = size - BytePairTokenizer.FIRST_PAIR;
    if (pairs < 0) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "a byte-pair tokenizer of " + size + " tokens was asked for",
          "Ask for at least "
              + BytePairTokenizer.FIRST_PAIR
              + ": each byte is a token, and so is the end of a document.");
    }
    return new BytePairTokenizer(new BytePairTrainer(counts).learn(pairs));
  }

  private int[] learn(int most) {
    for (int word = 0; word < words.length; word++) {
      add(word);
    }
    queueChanged();
    TokenList merges = new TokenList(1 << 10);
    int token = BytePairTokenizer.FIRST_PAIR;
    while (token < BytePairTokenizer.FIRST_PAIR + most && !queue.isEmpty()) {
      Candidate best = queue.poll();
      Pair pair = pairs.get(best.pair());
      if (pair == null || pair.count != best.count()) {
        continue;
      }
      if (best.count() < LEAST_COUNT) {
        break;
      }
      int left = (int) (best.pair() >>> 32);
      int right = (int) best.pair();
      merges.add(left);
      merges.add(right);
      joinEverywhere(pair, left, right, token);
      token++;
    }
    return merges.toArray();
  }

  private void joinEverywhere(Pair pair, int left, int right, int token) {
    for (int i = 0; i < pair.words.size(); i++) {
      int word = pair.words.get(i);
      if (has(word, left, right)) {
        subtract(word);
        lengths[word] = join(words[word], lengths[word], left, right, token);
        add(word);
      }
    }
    pairs.remove(PairTable.key(left, right));
    queueChanged();
  }

  private boolean has(int word, int left, int right) {
    int[] parts = words[word];
    for (int i = 0; i + 1 < lengths[word]; i++) {
      if (parts[i] == left && parts[i + 1] == right) {
        return true;
      }
    }
    return false;
  }

  private void add(int word) {
    for (int i = 0; i + 1 < lengths[word]; i++) {
      Pair pair = pairs.computeIfAbsent(changedPair(word, i), none -> new Pair());
      pair.count += counts[word];
      if (pair.words.size() == 0 || pair.words.get(pair.words.size() - 1) != word) {
        pair.words.add(word);
      }
    }
  }

  private void subtract(int word) {
    for (int i = 0; i + 1 < lengths[word]; i++) {
      pairs.get(changedPair(word, i)).count -= counts[word];
    }
  }

  private long changedPair(int word, int place) {
    long key = PairTable.key(words[word][place], words[word][place + 1]);
    changed.add(key);
    return key;
  }

  private void queueChanged() {
    for (long key : changed) {
      Pair pair = pairs.get(key);
      if (pair != null && pair.count > 0) {
        queue.add(new Candidate(key, pair.count));
      } else {
        pairs.remove(key);
      }
    }
    changed.clear();
  }

  /**
   * Joins a pair everywhere in a word, from the left, in place.
   *
   * @param length how many of {@code parts} are the word
   * @return how many are after it
   */
  static int join(int[] parts, int length, int left, int right, int token) {
    int to = 0;
    int from = 0;
    while (from < length) {
      if (from + 1 < length && parts[from] == left && parts[from + 1] == right) {
        parts[to++] = token;
        from += 2;
      } else {
        parts[to++] = parts[from++];
      }
    }
    return to;
  }
}
