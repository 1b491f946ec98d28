package io.stagecoach.spark.score;

import io.stagecoach.spark.data.FeatureRows;
import io.stagecoach.tensor.TensorFile;
import io.stagecoach.tensor.Tensors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.io.BytesWritable;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import org.apache.spark.sql.Row;
import org.nd4j.linalg.api.ndarray.INDArray;
import scala.Tuple2;

/** Makes batches of the rows of a partition, as {@link StagedRows} has them. */
final class StagingTask
    implements PairFlatMapFunction<Iterator<Row>, BytesWritable, BytesWritable> {

  private static final long serialVersionUID = 1L;

  private final FeatureRows features;
  private final List<String> names;
  private final int kept;
  private final int batchRows;
  private final Scoring.Counts counts;

  /**
   * @param names of the features of each input
   * @param kept how many columns stand before those of the features
   */
  StagingTask(
      FeatureRows features, List<String> names, int kept, int batchRows, Scoring.Counts counts) {
    this.features = features;
    this.names = List.copyOf(names);
    this.kept = kept;
    this.batchRows = batchRows;
    this.counts = counts;
  }

  @Override
  public Iterator<Tuple2<BytesWritable, BytesWritable>> call(Iterator<Row> rows) {
    RowBatches batches = new RowBatches(rows, features, kept, batchRows, counts);
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return batches.hasNext();
      }

      @Override
      public Tuple2<BytesWritable, BytesWritable> next() {
        try (RowBatch batch = batches.next()) {
          counts.scored().add(batch.rows().size());
          return new Tuple2<>(features(batch.inputs()), KeptRows.pack(batch.rows(), kept));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    };
  }

  private BytesWritable features(List<INDArray> inputs) throws IOException {
    Map<String, INDArray> named = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      named.put(names.get(i), inputs.get(i));
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    TensorFile.write(bytes, Tensors.viewsOf(named, () -> {}));
    return new BytesWritable(bytes.toByteArray());
  }
}
