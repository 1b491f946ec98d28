package io.stagecoach.spark.exchange;

import io.stagecoach.tensor.ReceiveBuffer;

/** What was read from Spark's shuffle: whoever holds it owns its payload. */
public sealed interface ShuffleInput extends AutoCloseable
    permits ShuffledHop.Incoming, ShuffledLetter.Incoming {

  /** The Arrow stream; null for none. */
  ReceiveBuffer payload();

  @Override
  default void close() {
    if (payload() != null) {
      payload().close();
    }
  }
}
