package io.stagecoach.model.text;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.io.Serial;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Byte pairs: every byte of UTF-8 is a token, and so is each pair of tokens that was joined when
 * the tokenizer was trained ({@link BytePairTrainer}). A text is cut into {@link Words}; within a
 * word the pairs are joined in the order in which they were learned.
 *
 * <p>Tokens 0 to 255 are bytes, 256 ends a document, 257 + i is the pair that was learned as the
 * i-th.
 */
public final class BytePairTokenizer implements Tokenizer {

  @Serial private static final long serialVersionUID = 1L;

  static final String FORMAT = "stagecoach-byte-pairs-1";

  /** The token of the first pair. */
  static final int FIRST_PAIR = ByteTokenizer.END_OF_TEXT + 1;

  /** Words whose tokens are remembered: the frequent ones come first, and are most of a text. */
  private static final int MOST_REMEMBERED = 1 << 16;

  private final transient int[] merges;
  private final transient byte[][] texts;
  private final transient PairTable tokens;
  private final transient Map<String, int[]> remembered = new ConcurrentHashMap<>();

  /**
   * @param merges left and right token of each pair, one pair behind another
   */
  BytePairTokenizer(int[] merges) {
    this.merges = merges.clone();
    int pairs = merges.length / 2;
    this.texts = new byte[FIRST_PAIR + pairs][];
    this.tokens = new PairTable(pairs);
    for (int i = 0; i < ByteTokenizer.END_OF_TEXT; i++) {
      texts[i] = new byte[] {(byte) i};
    }
    texts[ByteTokenizer.END_OF_TEXT] = new byte[0];
    if (merges.length % 2 != 0) {
      throw malformed("half a pair at its end");
    }
    for (int i = 0; i < pairs; i++) {
      int left = merges[2 * i];
      int right = merges[2 * i + 1];
      int token = FIRST_PAIR + i;
      if (!isPart(left, token) || !isPart(right, token)) {
        throw malformed("a pair " + left + ", " + right + " as its token " + token);
      }
      texts[token] = Arrays.copyOf(texts[left], texts[left].length + texts[right].length);
      System.arraycopy(texts[right], 0, texts[token], texts[left].length, texts[right].length);
      if (!tokens.put(left, right, token)) {
        throw malformed("the pair " + left + ", " + right + " twice");
      }
    }
  }

  private static boolean isPart(int token, int before) {
    return token >= 0 && token < before && token != ByteTokenizer.END_OF_TEXT;
  }

  private static StagecoachException malformed(String what) {
    return new StagecoachException(
        ErrorKind.DATA,
        "a byte-pair tokenizer has " + what,
        "Give the tokenizer that was saved with the model.");
  }

  /** The pairs in the order in which they were learned: left and right token of each. */
  List<List<Integer>> pairs() {
    List<List<Integer>> pairs = new ArrayList<>();
    for (int i = 0; i < merges.length; i += 2) {
      pairs.add(List.of(merges[i], merges[i + 1]));
    }
    return pairs;
  }

  @Override
  public String toJson() {
    return StoredTokenizer.write(
        new StoredTokenizer(FORMAT, null, Arrays.stream(merges).boxed().toList()));
  }

  @Override
  public int size() {
    return texts.length;
  }

  @Override
  public OptionalInt endOfText() {
    return OptionalInt.of(ByteTokenizer.END_OF_TEXT);
  }

  @Override
  public int[] encode(String text) {
    TokenList found = new TokenList(text.length() / 2 + 8);
    Words.of(text, word -> found.add(ofWord(word)));
    return found.toArray();
  }

  private int[] ofWord(String word) {
    int[] known = remembered.get(word);
    if (known != null) {
      return known;
    }
    int[] made = join(word.getBytes(StandardCharsets.UTF_8));
    if (remembered.size() < MOST_REMEMBERED) {
      remembered.put(word, made);
    }
    return made;
  }

  /** Joins the pair that was learned first, everywhere from the left, until none is left. */
  private int[] join(byte[] word) {
    int[] parts = new int[word.length];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = Byte.toUnsignedInt(word[i]);
    }
    int length = parts.length;
    while (true) {
      int first = Integer.MAX_VALUE;
      for (int i = 0; i + 1 < length; i++) {
        int token = tokens.get(parts[i], parts[i + 1]);
        if (token >= 0 && token < first) {
          first = token;
        }
      }
      if (first == Integer.MAX_VALUE) {
        return Arrays.copyOf(parts, length);
      }
      int pair = 2 * (first - FIRST_PAIR);
      length = BytePairTrainer.join(parts, length, merges[pair], merges[pair + 1], first);
    }
  }

  @Override
  public TokenDecoder decoder() {
    return new Utf8Decoder(token -> texts[token]);
  }

  @Override
  public int bytes(int token) {
    return texts[token].length;
  }

  @Override
  public TextCut cut() {
    return TextCut.BEFORE_WHITE_SPACE;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BytePairTokenizer tokenizer && Arrays.equals(merges, tokenizer.merges);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(merges);
  }

  @Override
  public String toString() {
    return "byte pairs, " + size() + " tokens";
  }

  /** Only the pairs travel. */
  @Serial
  private Object writeReplace() {
    return new Travelling(toJson());
  }

  private record Travelling(String json) implements Serializable {

    @Serial
    private Object readResolve() {
      return Tokenizer.fromJson(json);
    }
  }
}
