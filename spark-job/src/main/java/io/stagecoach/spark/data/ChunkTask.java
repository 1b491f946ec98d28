package io.stagecoach.spark.data;

import io.stagecoach.batch.ChunkInfo;
import io.stagecoach.batch.ChunkStorage;
import io.stagecoach.batch.ChunkWriter;
import io.stagecoach.batch.ColumnData;
import io.stagecoach.batch.Slice;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Writes the chunks of the rows of a partition, which come in order, each bucket whole. A bucket is
 * one chunk, or several where equal rows have made it much larger than others.
 *
 * @param format how rows become columns
 * @param storage where the chunks go
 * @param mostRows how many rows no chunk exceeds
 */
record ChunkTask(ChunkFormat format, ChunkStorage storage, int mostRows) implements Serializable {

  /** A chunk in its place among the chunks of its part. */
  record Written(Slice.Split split, long bucket, int piece, ChunkInfo chunk)
      implements Serializable {}

  /** Writes the chunks of a partition. */
  Iterator<Written> write(Iterator<InternalRow> rows) {
    List<Written> written = new ArrayList<>();
    ChunkFormat.Builder builder = format.builder();
    Slice.Split split = Slice.Split.TRAINING;
    long bucket = -1;
    int piece = 0;
    while (rows.hasNext()) {
      InternalRow row = rows.next();
      Slice.Split rowSplit =
          row.getBoolean(StoreRows.VALIDATION) ? Slice.Split.VALIDATION : Slice.Split.TRAINING;
      long rowBucket = row.getLong(StoreRows.BUCKET);
      boolean next = rowBucket != bucket || rowSplit != split;
      if ((next || builder.rows() == mostRows) && builder.rows() > 0) {
        written.add(write(split, bucket, piece++, builder));
      }
      if (next) {
        split = rowSplit;
        bucket = rowBucket;
        piece = 0;
      }
      builder.add(row);
    }
    if (builder.rows() > 0) {
      written.add(write(split, bucket, piece, builder));
    }
    return written.iterator();
  }

  private Written write(Slice.Split split, long bucket, int piece, ChunkFormat.Builder builder) {
    return write(storage, split, bucket, piece, builder.take());
  }

  /** Writes one chunk under the name of its place. */
  static Written write(
      ChunkStorage storage, Slice.Split split, long bucket, int piece, List<ColumnData> columns) {
    String id =
        String.format(
            Locale.ROOT, "%s/%08d-%03d", split.name().toLowerCase(Locale.ROOT), bucket, piece);
    return new Written(split, bucket, piece, ChunkWriter.write(storage, id, columns));
  }
}
