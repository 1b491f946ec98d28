package io.stagecoach.spark.score;

import io.stagecoach.engine.dl4j.SavedNetwork;
import io.stagecoach.spark.data.FeatureRows;
import io.stagecoach.spark.gpu.DistinctGpus;
import io.stagecoach.spark.gpu.GpuClaim;
import io.stagecoach.spark.gpu.GpuClaims;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.UUID;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.util.TaskCompletionListener;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Gives the rows of a partition what the whole network puts out for them, batch after batch. */
final class ScoreTask implements MapPartitionsFunction<Row, Row> {

  private static final long serialVersionUID = 1L;

  private final UUID network;
  private final Broadcast<PackedNetwork> packed;
  private final FeatureRows features;
  private final PredictedRows predicted;
  private final int batchRows;
  private final Scoring.Counts counts;

  /**
   * @param features those of the columns that stand behind the ones that are kept
   * @param counts counts rows
   */
  ScoreTask(
      Broadcast<PackedNetwork> packed,
      FeatureRows features,
      PredictedRows predicted,
      int batchRows,
      Scoring.Counts counts) {
    this.network = packed.value().id();
    this.packed = packed;
    this.features = features;
    this.predicted = predicted;
    this.batchRows = batchRows;
    this.counts = counts;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    return new Scored(new RowBatches(rows, features, predicted.kept(), batchRows, counts));
  }

  /** The rows of the partition, as far as anybody asks for them. */
  private final class Scored implements Iterator<Row> {

    private final RowBatches batches;
    private final Deque<Row> ready = new ArrayDeque<>();
    private SavedNetwork loaded;

    Scored(RowBatches batches) {
      this.batches = batches;
    }

    @Override
    public boolean hasNext() {
      if (ready.isEmpty() && batches.hasNext()) {
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

    private void predict() {
      try (RowBatch batch = batches.next()) {
        List<INDArray> outputs = network().output(batch.inputs());
        ready.addAll(predicted.of(batch.rows(), outputs));
        counts.scored().add(batch.rows().size());
        outputs.stream().filter(INDArray::closeable).forEach(INDArray::close);
      }
    }

    private SavedNetwork network() {
      if (loaded == null) {
        claimDevice();
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

    /**
     * Before ND4J starts, if nothing here has used it: a wrong device is refused, not computed on.
     */
    private void claimDevice() {
      GpuClaim gpu = GpuClaims.here();
      if (gpu.isAsked()) {
        SparkEnv executor = SparkEnv.get();
        String host = executor.rpcEnv().address().host();
        counts
            .devices()
            .add(new DistinctGpus.Holder(executor.executorId() + " on " + host, host, gpu));
      }
    }
  }
}
