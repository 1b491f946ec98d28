package io.stagecoach.spark.data;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;
import static org.apache.spark.sql.functions.xxhash64;

import io.stagecoach.model.Vocabulary;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/**
 * The windows of a text as rows: {@code length + 1} character ids each, of which the last is the
 * first of the next window. Their place in the batch store depends on the seed and on their place
 * in the text only.
 */
final class TextRows {

  static final int IDS = StoreRows.PAYLOAD;

  private static final String IDS_NAME = "ids";
  private static final String WINDOW_NAME = "window";

  /**
   * How a text is cut into windows.
   *
   * @param length how many characters a window has, the label of its last one not counted
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
    return List.of(IDS_NAME);
  }

  /**
   * @param shuffled whether the windows are in an order drawn from the seed, else in that of the
   *     text
   * @param chunkRows how many windows a chunk has on average
   */
  static Dataset<Row> of(
      SparkSession spark,
      TextScan scan,
      Vocabulary vocabulary,
      Windows windows,
      boolean shuffled,
      long seed,
      int chunkRows) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    TextFiles text = scan.text();
    SerializableConfiguration hadoop = new SerializableConfiguration(context.hadoopConfiguration());
    Broadcast<Vocabulary> characters = context.broadcast(vocabulary);
    JavaRDD<Row> cut =
        context
            .parallelize(scan.blocks(), scan.blocks().size())
            .flatMap(block -> new BlockWindows(text, block, windows, characters.value(), hadoop));
    StructType schema =
        new StructType()
            .add(WINDOW_NAME, DataTypes.LongType, false)
            .add(IDS_NAME, DataTypes.BinaryType, false);
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
                col(IDS_NAME));
    Column bucket =
        shuffled
            ? StoreRows.bucketOfHash(
                StoreRows.Buckets.of(windows.training(), windows.validation(), chunkRows))
            : window
                .minus(when(col(StoreRows.VALIDATION_NAME), windows.training()).otherwise(0L))
                .divide(lit(chunkRows))
                .cast(DataTypes.LongType);
    return ranked.select(
        ranked.col(StoreRows.VALIDATION_NAME),
        bucket.as(StoreRows.BUCKET_NAME),
        ranked.col(StoreRows.RANK_NAME),
        ranked.col(IDS_NAME));
  }

  /** The windows that begin within a block. */
  private static final class BlockWindows implements Iterator<Row> {

    private final Windows windows;
    private final Vocabulary vocabulary;
    private final TextReader reader;
    private final long endCharacter;
    private final int[] ids;
    private long window;

    BlockWindows(
        TextFiles text,
        TextScan.Block block,
        Windows windows,
        Vocabulary vocabulary,
        SerializableConfiguration hadoop)
        throws IOException {
      this.windows = windows;
      this.vocabulary = vocabulary;
      this.reader = new TextReader(text, block.firstByte(), hadoop.value());
      this.endCharacter = block.firstCharacter() + block.characters();
      this.ids = new int[windows.length() + 1];
      this.window = (block.firstCharacter() + windows.length() - 1) / windows.length();
      if (hasNext()) {
        for (long at = block.firstCharacter(); at < window * windows.length(); at++) {
          read();
        }
        ids[windows.length()] = vocabulary.index(read());
      }
    }

    @Override
    public boolean hasNext() {
      return window < windows.count() && window * windows.length() < endCharacter;
    }

    @Override
    public Row next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      try {
        // The last character of a window is the first of the next.
        ids[0] = ids[windows.length()];
        for (int i = 1; i < ids.length; i++) {
          ids[i] = vocabulary.index(read());
        }
        Row row = RowFactory.create(window, bytes(ids));
        window++;
        if (!hasNext()) {
          reader.close();
        }
        return row;
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      }
    }

    private int read() throws IOException {
      int codePoint = reader.next(Long.MAX_VALUE);
      if (codePoint < 0) {
        throw DataErrors.data(
            "the text ended before its last window", "Do not change the text while it is read.");
      }
      return codePoint;
    }
  }

  private static byte[] bytes(int[] ids) {
    ByteBuffer bytes = ByteBuffer.allocate(ids.length * Integer.BYTES);
    bytes.asIntBuffer().put(ids);
    return bytes.array();
  }

  /** The ids of a row. */
  static int[] ids(byte[] bytes) {
    IntBuffer buffer = ByteBuffer.wrap(bytes).asIntBuffer();
    int[] ids = new int[buffer.remaining()];
    buffer.get(ids);
    return ids;
  }
}
