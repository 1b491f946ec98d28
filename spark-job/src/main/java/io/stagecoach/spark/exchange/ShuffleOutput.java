package io.stagecoach.spark.exchange;

import io.stagecoach.tensor.EncodedTensors;

/** What one executor writes into Spark's shuffle for another: whoever holds it owns its tensors. */
public sealed interface ShuffleOutput extends AutoCloseable
    permits ShuffledHop.Outgoing, ShuffledLetter.Outgoing {

  /** The stage that it is for. */
  int stage();

  /** An Arrow stream, which the serializer closes when it is written; null for none. */
  EncodedTensors tensors();

  @Override
  default void close() {
    if (tensors() != null) {
      tensors().close();
    }
  }
}
