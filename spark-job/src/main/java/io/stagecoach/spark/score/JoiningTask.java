package io.stagecoach.spark.score;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.tensor.Tensors;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.hadoop.io.BytesWritable;
import org.apache.hadoop.io.SequenceFile;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.util.TaskCompletionListener;

/** Puts predictions behind the rows of a file of {@link StagedRows}, which both are in files. */
final class JoiningTask implements FlatMapFunction<String, Row> {

  private static final long serialVersionUID = 1L;

  private final StagedRows staged;
  private final PredictedRows predicted;

  JoiningTask(StagedRows staged, PredictedRows predicted) {
    this.staged = staged;
    this.predicted = predicted;
  }

  @Override
  public Iterator<Row> call(String name) {
    return new Joined(name);
  }

  /** The rows of the file, a batch in memory. */
  private final class Joined implements Iterator<Row> {

    private final String name;
    private final SequenceFile.Reader rows;
    private final Deque<Row> ready = new ArrayDeque<>();
    private final BytesWritable key = new BytesWritable();
    private final BytesWritable value = new BytesWritable();

    /** Opened with the first batch: of a partition without rows nothing was predicted. */
    private SequenceFile.Reader predictions;

    Joined(String name) {
      this.name = name;
      this.rows = staged.readRows(name);
      TaskContext.get()
          .addTaskCompletionListener((TaskCompletionListener) context -> closeReaders());
    }

    private void closeReaders() {
      staged.close(rows);
      if (predictions != null) {
        staged.close(predictions);
      }
    }

    @Override
    public boolean hasNext() {
      try {
        if (ready.isEmpty() && rows.next(key, value)) {
          joinBatch(KeptRows.unpack(value));
        }
      } catch (IOException e) {
        throw staged.unusable(e);
      }
      return !ready.isEmpty();
    }

    private void joinBatch(List<Row> batch) throws IOException {
      if (predictions == null) {
        predictions = staged.readPredictions(name);
      }
      if (!predictions.next(key, value)) {
        throw new StagecoachException(
            ErrorKind.INTERNAL, name + " has fewer predictions than batches of rows", "");
      }
      try (Tensors outputs = StagedRows.tensors(value)) {
        ready.addAll(predicted.of(batch, List.copyOf(outputs.asMap().values())));
      }
    }

    @Override
    public Row next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return ready.remove();
    }
  }
}
