package io.stagecoach.spark.data;

import io.stagecoach.batch.ColumnData;
import io.stagecoach.batch.ColumnSpec;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;

/** How rows become the columns of a chunk. */
interface ChunkFormat extends Serializable {

  /** Collects the rows of chunks, one chunk after another, within a task. */
  interface Builder {

    /** Adds a row, or leaves it out; copies what it keeps. */
    void add(InternalRow row);

    /** How many rows were added since the last chunk. */
    int rows();

    /** The rows as columns. Begins anew. */
    List<ColumnData> take();
  }

  /** The columns that every chunk has. */
  List<ColumnSpec> columns();

  /** A new builder. */
  Builder builder();
}
