package io.stagecoach.spark.data;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;
import static org.apache.spark.sql.functions.xxhash64;

import io.stagecoach.model.text.Tokenizer;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The windows of a text as rows: {@code length + 1} tokens each, of which the last is the first of
 * the next window. A window that lies in several partitions is several rows, its fragments, which
 * the order of rows puts side by side. Where windows come in the batch store depends on the seed
 * and on their place in the text only.
 */
final class TextRows {

  static final int WINDOW = StoreRows.PAYLOAD;

  static final int FROM = StoreRows.PAYLOAD + 1;

  static final int TOKENS = StoreRows.PAYLOAD + 2;

  private static final String WINDOW_NAME = "window";
  private static final String FROM_NAME = "from";
  private static final String TOKENS_NAME = "tokens";

  /**
   * How a text is cut into windows.
   *
   * @param length how many tokens a window has, the label of its last one not counted
   * @param training how many windows are of the training part: the first of the text
   * @param validation how many windows are of the validation part: the last of the text
   */
  record Windows(int length, long training, long validation) implements Serializable {

    long count() {
      return training + validation;
    }
  }

  private TextRows() {}

  /** The columns by which rows of equal rank are told apart. */
  static List<String> ties() {
    return List.of(WINDOW_NAME, FROM_NAME);
  }

  /**
   * @param shuffled whether the windows are in an order drawn from the seed, else in that of the
   *     text
   * @param chunkRows how many windows a chunk has on average
   */
  static Dataset<Row> of(
      SparkSession spark,
      EncodedText text,
      Windows windows,
      boolean shuffled,
      long seed,
      int chunkRows) {
    Broadcast<Tokenizer> tokenizer = text.tokenizer();
    long[] firsts = text.parts().stream().mapToLong(EncodedText.Part::first).toArray();
    JavaRDD<Row> cut =
        text.pieces()
            .mapPartitionsWithIndex(
                (index, pieces) -> new Fragments(pieces, tokenizer.value(), windows, firsts[index]),
                false);
    StructType schema =
        new StructType()
            .add(WINDOW_NAME, DataTypes.LongType, false)
            .add(FROM_NAME, DataTypes.IntegerType, false)
            .add(TOKENS_NAME, DataTypes.BinaryType, false);
    Column window = col(WINDOW_NAME);
    Column validation = window.geq(lit(windows.training()));
    Dataset<Row> ranked =
        spark
            .createDataFrame(cut, schema)
            .select(
                validation.as(StoreRows.VALIDATION_NAME),
                (shuffled ? xxhash64(lit("order"), lit(seed), window) : window)
                    .as(StoreRows.RANK_NAME),
                window,
                col(FROM_NAME),
                col(TOKENS_NAME));
    Column bucket =
        shuffled
            ? StoreRows.bucketOfHash(
                StoreRows.Buckets.of(windows.training(), windows.validation(), chunkRows))
            : window
                .minus(when(col(StoreRows.VALIDATION_NAME), windows.training()).otherwise(0L))
                .divide(lit(chunkRows))
                .cast(DataTypes.LongType);
    return ranked.select(
        col(StoreRows.VALIDATION_NAME),
        bucket.as(StoreRows.BUCKET_NAME),
        col(StoreRows.RANK_NAME),
        window,
        col(FROM_NAME),
        col(TOKENS_NAME));
  }

  /** The windows, or parts of windows, that a partition has. */
  private static final class Fragments implements Iterator<Row> {

    private final Iterator<TextPiece> pieces;
    private final Tokenizer tokenizer;
    private final Windows windows;
    private final int[] tokens;
    private int[] piece = {};
    private int taken;
    private long window;
    private int from;
    private int filled;
    private Row next;

    /**
     * @param first the place of the partition's first token in the text
     */
    Fragments(Iterator<TextPiece> pieces, Tokenizer tokenizer, Windows windows, long first) {
      this.pieces = pieces;
      this.tokenizer = tokenizer;
      this.windows = windows;
      this.tokens = new int[windows.length() + 1];
      this.window = first / windows.length();
      this.from = (int) (first % windows.length());
      if (from == 0 && window > 0) {
        // It is the last of the window before as well.
        window--;
        from = windows.length();
      }
      advance();
    }

    private void advance() {
      next = null;
      while (next == null && window < windows.count()) {
        if (taken == piece.length) {
          if (!pieces.hasNext()) {
            finish();
            return;
          }
          piece = pieces.next().tokens(tokenizer);
          taken = 0;
        }
        int more = Math.min(piece.length - taken, windows.length() + 1 - from - filled);
        System.arraycopy(piece, taken, tokens, filled, more);
        taken += more;
        filled += more;
        if (from + filled == windows.length() + 1) {
          next = fragment();
          tokens[0] = tokens[filled - 1];
          window++;
          from = 0;
          filled = 1;
        }
      }
    }

    private void finish() {
      next = filled > 0 ? fragment() : null;
      filled = 0;
      window = windows.count();
    }

    private Row fragment() {
      return RowFactory.create(window, from, bytes(Arrays.copyOf(tokens, filled)));
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public Row next() {
      if (next == null) {
        throw new NoSuchElementException();
      }
      Row row = next;
      advance();
      return row;
    }
  }

  private static byte[] bytes(int[] tokens) {
    ByteBuffer bytes = ByteBuffer.allocate(tokens.length * Integer.BYTES);
    bytes.asIntBuffer().put(tokens);
    return bytes.array();
  }

  /** The tokens of a row. */
  static int[] tokens(byte[] bytes) {
    IntBuffer buffer = ByteBuffer.wrap(bytes).asIntBuffer();
    int[] tokens = new int[buffer.remaining()];
    buffer.get(tokens);
    return tokens;
  }
}
