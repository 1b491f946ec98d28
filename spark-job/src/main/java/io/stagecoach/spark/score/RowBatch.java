package io.stagecoach.spark.score;

import java.util.List;
import org.apache.spark.sql.Row;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Rows that go into one call of a network.
 *
 * @param rows as they came
 * @param inputs their features for each input, scaled; closed with this
 */
record RowBatch(List<Row> rows, List<INDArray> inputs) implements AutoCloseable {

  @Override
  public void close() {
    inputs.forEach(INDArray::close);
  }
}
