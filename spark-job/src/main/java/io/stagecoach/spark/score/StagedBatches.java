package io.stagecoach.spark.score;

import io.stagecoach.tensor.Tensors;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.apache.hadoop.io.BytesWritable;
import org.apache.hadoop.io.SequenceFile;

/** The batches of all files, one after another; only one is in memory. */
public final class StagedBatches implements AutoCloseable {

  private final StagedRows staged;
  private final Deque<String> names;
  private final BytesWritable key = new BytesWritable();
  private SequenceFile.Reader current;

  /** Begins with the first. */
  public StagedBatches(StagedRows staged) {
    this.staged = staged;
    this.names = new ArrayDeque<>(staged.names());
  }

  /** The next batch, for the caller to close; empty after the last one. */
  public Optional<StagedBatch> next() {
    try {
      while (!names.isEmpty()) {
        if (current == null) {
          current = staged.readRows(names.peek());
        }
        if (current.next(key)) {
          Tensors features = StagedRows.tensors(key);
          long rows = features.asMap().values().iterator().next().size(0);
          return Optional.of(new StagedBatch(names.peek(), features, (int) rows));
        }
        close();
        names.remove();
      }
      return Optional.empty();
    } catch (IOException e) {
      throw staged.unusable(e);
    }
  }

  @Override
  public void close() {
    if (current != null) {
      Closeable last = current;
      current = null;
      staged.close(last);
    }
  }
}
