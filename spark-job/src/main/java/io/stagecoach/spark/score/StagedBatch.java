package io.stagecoach.spark.score;

import io.stagecoach.tensor.Tensors;

/**
 * A batch of rows that waits for its predictions.
 *
 * @param file of which file of {@link StagedRows} it is
 * @param features by the names of the columns that stages read; closed with this
 * @param rows how many rows it has
 */
public record StagedBatch(String file, Tensors features, int rows) implements AutoCloseable {

  @Override
  public void close() {
    features.close();
  }
}
