package io.stagecoach.model.text;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * The characters of a text as its tokens, each with an index. A character is a Unicode code point,
 * so that a surrogate pair is one. Indices ascend with the code points: the same set of characters
 * has the same indices, whatever the order and the number in which they were met.
 *
 * <p>Where U+FFFD, Unicode's replacement character, is in the vocabulary, it stands for every
 * character that is not; else such a character is an error.
 *
 * @param codePoints the characters, strictly ascending; at least one
 */
public record Vocabulary(List<Integer> codePoints) implements Tokenizer {

  /** What stands for characters that are not in the vocabulary, where it has one. */
  public static final int REPLACEMENT = 0xFFFD;

  static final String FORMAT = "stagecoach-vocabulary-1";

  public Vocabulary {
    codePoints = List.copyOf(codePoints);
    int last = -1;
    for (int codePoint : codePoints) {
      if (codePoint <= last || codePoint > Character.MAX_CODE_POINT) {
        throw new StagecoachException(
            ErrorKind.DATA,
            "the code point " + codePoint + " follows " + last + " in a vocabulary",
            "A vocabulary is Unicode code points in strictly ascending order.");
      }
      last = codePoint;
    }
    if (codePoints.isEmpty()) {
      throw new StagecoachException(
          ErrorKind.DATA, "there is no character to learn from", "Give a text that is not empty.");
    }
  }

  /** All characters of a text. */
  public static Vocabulary of(String text) {
    return ofCounts(counts(text), Integer.MAX_VALUE);
  }

  /** How often each character is in a text. Counts of parts of a text may be added up. */
  public static Map<Integer, Long> counts(String text) {
    Map<Integer, Long> counts = new HashMap<>();
    text.codePoints().forEach(codePoint -> counts.merge(codePoint, 1L, Long::sum));
    return counts;
  }

  /**
   * The most frequent characters; among equally frequent ones those with the smaller code points.
   *
   * @param counts how often each code point was met
   * @param mostCharacters the size that is not exceeded, at least 2; where there are more
   *     characters, U+FFFD takes one place and stands for those that are left out
   */
  public static Vocabulary ofCounts(Map<Integer, Long> counts, int mostCharacters) {
    if (mostCharacters < 2) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "a vocabulary of at most " + mostCharacters + " characters was asked for",
          "Ask for at least 2.");
    }
    if (counts.size() <= mostCharacters) {
      return new Vocabulary(counts.keySet().stream().sorted().toList());
    }
    List<Integer> frequent =
        counts.entrySet().stream()
            .filter(entry -> entry.getKey() != REPLACEMENT)
            .sorted(
                Map.Entry.<Integer, Long>comparingByValue(Comparator.reverseOrder())
                    .thenComparing(Map.Entry.comparingByKey()))
            .limit(mostCharacters - 1L)
            .map(Map.Entry::getKey)
            .toList();
    return new Vocabulary(
        Stream.concat(frequent.stream(), Stream.of(REPLACEMENT)).sorted().toList());
  }

  /** The vocabulary as JSON text. */
  @Override
  public String toJson() {
    return StoredTokenizer.write(new StoredTokenizer(FORMAT, codePoints, null));
  }

  /** How many characters there are. */
  @Override
  public int size() {
    return codePoints.size();
  }

  /** The character of an index. */
  public int codePoint(int index) {
    return codePoints.get(index);
  }

  /**
   * The index of a character.
   *
   * @throws StagecoachException of kind {@code DATA} where it has none and nothing stands for it
   */
  public int index(int codePoint) {
    int index = Collections.binarySearch(codePoints, codePoint);
    if (index < 0) {
      index = Collections.binarySearch(codePoints, REPLACEMENT);
    }
    if (index < 0) {
      throw new StagecoachException(
          ErrorKind.DATA,
          "the character "
              + String.format("U+%04X", codePoint)
              + " is not among the "
              + size()
              + " that the model knows",
          "Use a text of the characters that the model was trained on.");
    }
    return index;
  }

  /** No character ends a document. */
  @Override
  public OptionalInt endOfText() {
    return OptionalInt.empty();
  }

  /** The indices of a text's characters. */
  @Override
  public int[] encode(String text) {
    return text.codePoints().map(this::index).toArray();
  }

  @Override
  public TokenDecoder decoder() {
    return new TokenDecoder() {
      @Override
      public String next(int token) {
        return Character.toString(codePoint(token));
      }

      @Override
      public String end() {
        return "";
      }
    };
  }

  /** How many bytes a character has; of U+FFFD three, whichever it stands for. */
  @Override
  public int bytes(int token) {
    int codePoint = codePoint(token);
    return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
  }

  @Override
  public TextCut cut() {
    return TextCut.ANYWHERE;
  }
}
