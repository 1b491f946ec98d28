package io.stagecoach.spark.data;

import io.stagecoach.model.text.Tokenizer;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * A text as one sequence of tokens: which of them each partition has, found by one pass.
 *
 * @param pieces the text
 * @param tokenizer whose tokens they are
 * @param parts what each partition has, in order
 */
record EncodedText(JavaRDD<TextPiece> pieces, Broadcast<Tokenizer> tokenizer, List<Part> parts) {

  /**
   * The tokens of a partition.
   *
   * @param first the place of its first token in the whole text
   * @param tokens how many it has
   * @param bytes how many bytes of UTF-8 they stand for
   * @param hash of these tokens
   */
  record Part(long first, long tokens, long bytes, TokenHash hash) implements Serializable {

    long end() {
      return first + tokens;
    }
  }

  /** Encodes a text and counts. */
  static EncodedText of(TextSource text, Tokenizer tokenizer, JavaSparkContext spark) {
    JavaRDD<TextPiece> pieces =
        tokenizer.endOfText().isPresent()
            ? text.documents(tokenizer.cut())
            : text.runningText(tokenizer.cut());
    Broadcast<Tokenizer> shared = spark.broadcast(tokenizer);
    List<Part> counted =
        pieces.mapPartitions(found -> List.of(count(found, shared.value())).iterator()).collect();
    List<Part> parts = new ArrayList<>();
    long first = 0;
    for (Part part : counted) {
      parts.add(new Part(first, part.tokens(), part.bytes(), part.hash()));
      first += part.tokens();
    }
    return new EncodedText(pieces, shared, List.copyOf(parts));
  }

  private static Part count(Iterator<TextPiece> pieces, Tokenizer tokenizer) {
    long count = 0;
    long bytes = 0;
    TokenHash hash = TokenHash.NOTHING;
    while (pieces.hasNext()) {
      int[] tokens = pieces.next().tokens(tokenizer);
      count += tokens.length;
      bytes += bytes(tokens, tokens.length, tokenizer);
      hash = hash.then(TokenHash.of(tokens));
    }
    return new Part(0, count, bytes, hash);
  }

  private static long bytes(int[] tokens, int end, Tokenizer tokenizer) {
    long bytes = 0;
    for (int i = 0; i < end; i++) {
      bytes += tokenizer.bytes(tokens[i]);
    }
    return bytes;
  }

  /** How many tokens the text has. */
  long tokens() {
    return parts.isEmpty() ? 0 : parts.get(parts.size() - 1).end();
  }

  /** What tells this sequence of tokens from others, however it is partitioned. */
  TokenHash hash() {
    return parts.stream().map(Part::hash).reduce(TokenHash.NOTHING, TokenHash::then);
  }

  /** How many bytes the tokens before a place stand for; reads at most one partition. */
  long bytesBefore(long place) {
    long bytes = 0;
    for (int i = 0; i < parts.size(); i++) {
      Part part = parts.get(i);
      if (part.end() <= place) {
        bytes += part.bytes();
      } else if (part.first() < place) {
        bytes += bytesOfFirst(i, place - part.first());
      }
    }
    return bytes;
  }

  private long bytesOfFirst(int partition, long tokens) {
    Broadcast<Tokenizer> shared = tokenizer;
    return pieces
        .mapPartitionsWithIndex(
            (index, found) ->
                index == partition
                    ? List.of(bytesOfFirst(found, tokens, shared.value())).iterator()
                    : List.<Long>of().iterator(),
            true)
        .collect()
        .get(0);
  }

  private static long bytesOfFirst(Iterator<TextPiece> pieces, long count, Tokenizer tokenizer) {
    long bytes = 0;
    long left = count;
    while (left > 0 && pieces.hasNext()) {
      int[] tokens = pieces.next().tokens(tokenizer);
      int counted = (int) Math.min(left, tokens.length);
      bytes += bytes(tokens, counted, tokenizer);
      left -= counted;
    }
    return bytes;
  }
}
