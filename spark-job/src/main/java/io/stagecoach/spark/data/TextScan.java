package io.stagecoach.spark.data;

import io.stagecoach.model.Vocabulary;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Where the characters of a text are, and how often each is there: what one pass finds.
 *
 * @param text the files
 * @param blocks pieces of the text, in order
 * @param counts how often each code point is in the text
 */
record TextScan(TextFiles text, List<Block> blocks, Map<Integer, Long> counts) {

  /** How many bytes a task reads at once. */
  private static final long BLOCK_BYTES = 4L << 20;

  /**
   * A piece of a text: the characters that begin within it.
   *
   * @param firstByte its first byte, counted over all files
   * @param endByte the byte behind its last
   * @param firstCharacter how many characters are before it
   * @param characters how many characters it has
   */
  record Block(long firstByte, long endByte, long firstCharacter, long characters)
      implements Serializable {}

  private record Found(Block block, Map<Integer, Long> counts) implements Serializable {}

  /** Counts the characters of a text, by Spark. */
  static TextScan of(TextFiles text, JavaSparkContext spark) {
    return of(text, spark, BLOCK_BYTES);
  }

  static TextScan of(TextFiles text, JavaSparkContext spark, long blockBytes) {
    SerializableConfiguration hadoop = new SerializableConfiguration(spark.hadoopConfiguration());
    long bytes = text.bytes();
    List<Long> starts =
        LongStream.iterate(0, start -> start < bytes, start -> start + blockBytes).boxed().toList();
    List<Found> found =
        new ArrayList<>(
            spark
                .parallelize(starts, starts.size())
                .map(
                    start ->
                        count(text, start, Math.min(start + blockBytes, bytes), hadoop.value()))
                .collect());
    found.sort(Comparator.comparingLong(piece -> piece.block().firstByte()));

    List<Block> blocks = new ArrayList<>();
    Map<Integer, Long> counts = new HashMap<>();
    long characters = 0;
    for (Found piece : found) {
      Block block = piece.block();
      blocks.add(new Block(block.firstByte(), block.endByte(), characters, block.characters()));
      characters += block.characters();
      piece.counts().forEach((codePoint, count) -> counts.merge(codePoint, count, Long::sum));
    }
    return new TextScan(text, List.copyOf(blocks), Map.copyOf(counts));
  }

  private static Found count(TextFiles text, long start, long end, Configuration hadoop)
      throws IOException {
    long[] counts = new long[1 << 8];
    long characters = 0;
    try (TextReader reader = new TextReader(text, start, hadoop)) {
      for (int codePoint = reader.next(end); codePoint >= 0; codePoint = reader.next(end)) {
        if (codePoint >= counts.length) {
          counts = Arrays.copyOf(counts, Math.max(codePoint + 1, 2 * counts.length));
        }
        counts[codePoint]++;
        characters++;
      }
    }
    Map<Integer, Long> found = new HashMap<>();
    for (int codePoint = 0; codePoint < counts.length; codePoint++) {
      if (counts[codePoint] > 0) {
        found.put(codePoint, counts[codePoint]);
      }
    }
    return new Found(new Block(start, end, 0, characters), found);
  }

  /** How many characters the text has. */
  long characters() {
    return blocks.stream().mapToLong(Block::characters).sum();
  }

  /** The characters of the text. */
  Vocabulary vocabulary() {
    return Vocabulary.ofCounts(counts, Integer.MAX_VALUE);
  }
}
