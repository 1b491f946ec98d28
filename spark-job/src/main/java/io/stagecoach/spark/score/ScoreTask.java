package io.stagecoach.spark.score;

import io.stagecoach.engine.dl4j.SavedNetwork;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.data.FeatureRows;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.UUID;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.TaskCompletionListener;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Gives the rows of a partition what the network puts out for them, batch after batch. */
final class ScoreTask implements MapPartitionsFunction<Row, Row> {

  private static final long serialVersionUID = 1L;

  private final UUID network;
  private final Broadcast<PackedNetwork> packed;
  private final FeatureRows features;
  private final OutputColumns outputs;
  private final int kept;
  private final int batchRows;
  private final LongAccumulator scored;
  private final LongAccumulator dropped;
  private final LongAccumulator unknownCategories;

  /**
   * @param kept how many columns of the row are kept; those of the features are behind them
   * @param scored counts rows
   * @param dropped counts rows that are left out
   * @param unknownCategories counts rows with a category that is not known
   */
  ScoreTask(
      Broadcast<PackedNetwork> packed,
      FeatureRows features,
      OutputColumns outputs,
      int kept,
      int batchRows,
      LongAccumulator scored,
      LongAccumulator dropped,
      LongAccumulator unknownCategories) {
    this.network = packed.value().id();
    this.packed = packed;
    this.features = features;
    this.outputs = outputs;
    this.kept = kept;
    this.batchRows = batchRows;
    this.scored = scored;
    this.dropped = dropped;
    this.unknownCategories = unknownCategories;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    return new Scored(rows);
  }

  /** The rows of the partition, as far as anybody asks for them. */
  private final class Scored implements Iterator<Row> {

    private final Iterator<Row> rows;
    private final FeatureRows.Batch batch = features.batch();
    private final List<Row> waiting = new ArrayList<>();
    private final Deque<Row> ready = new ArrayDeque<>();
    private SavedNetwork loaded;

    Scored(Iterator<Row> rows) {
      this.rows = rows;
    }

    @Override
    public boolean hasNext() {
      while (ready.isEmpty() && rows.hasNext()) {
        take(rows.next());
      }
      if (ready.isEmpty() && !waiting.isEmpty()) {
        predict();
      }
      return !ready.isEmpty();
    }

    @Override
    public Row next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return ready.remove();
    }

    private void take(Row row) {
      long unknown = batch.unknownCategories();
      Optional<List<double[]>> read = batch.read(row, kept);
      unknownCategories.add(batch.unknownCategories() - unknown);
      if (read.isEmpty()) {
        dropped.add(1);
        return;
      }
      // Sequences of another length go into a call of their own.
      if (!batch.takes(read.get())) {
        predict();
      }
      batch.add(read.get());
      waiting.add(row);
      if (batch.size() == batchRows) {
        predict();
      }
    }

    private void predict() {
      List<INDArray> inputs = batch.take();
      List<INDArray> arrays = network().output(inputs);
      List<List<ExampleOutput>> examples = arrays.stream().map(this::split).toList();
      for (int i = 0; i < waiting.size(); i++) {
        int index = i;
        ready.add(
            joined(waiting.get(i), examples.stream().map(output -> output.get(index)).toList()));
      }
      scored.add(waiting.size());
      waiting.clear();
      inputs.forEach(INDArray::close);
      arrays.stream().filter(INDArray::closeable).forEach(INDArray::close);
    }

    private List<ExampleOutput> split(INDArray output) {
      if (output.rank() != 2 && output.rank() != 3) {
        throw new StagecoachException(
            ErrorKind.MODEL,
            "The network's output has the shape "
                + Arrays.toString(output.shape())
                + ", which no columns are made of",
            "Score with a network whose outputs are vectors or sequences.");
      }
      int timeSteps = output.rank() == 3 ? (int) output.size(2) : 1;
      int length = (int) (output.length() / output.size(0));
      double[] flat;
      try (INDArray rowAfterRow = output.dup('c')) {
        flat = rowAfterRow.data().asDouble();
      }
      List<ExampleOutput> examples = new ArrayList<>();
      for (int i = 0; i < output.size(0); i++) {
        double[] values = new double[length];
        System.arraycopy(flat, i * length, values, 0, length);
        examples.add(new ExampleOutput(values, timeSteps));
      }
      return examples;
    }

    private Row joined(Row row, List<ExampleOutput> example) {
      List<Object> predicted = outputs.of(example);
      Object[] values = new Object[kept + predicted.size()];
      for (int i = 0; i < kept; i++) {
        values[i] = row.get(i);
      }
      for (int i = 0; i < predicted.size(); i++) {
        values[kept + i] = predicted.get(i);
      }
      return RowFactory.create(values);
    }

    private SavedNetwork network() {
      if (loaded == null) {
        loaded = LoadedNetworks.ofThisProcess().take(network, packed::value);
        TaskContext.get()
            .addTaskCompletionListener(
                (TaskCompletionListener)
                    context -> {
                      LoadedNetworks.ofThisProcess().giveBack(network);
                      SavedNetwork.releaseThread();
                    });
      }
      return loaded;
    }
  }
}
