package io.stagecoach.spark.exchange;

import io.stagecoach.stage.Hop;
import io.stagecoach.tensor.EncodedTensors;
import io.stagecoach.tensor.ReceiveBuffer;

/** A hop as Spark's shuffle carries it: written on one executor, read on another. */
public sealed interface ShuffledHop {

  /** Which hop. */
  Hop hop();

  /**
   * One that is to be written.
   *
   * @param tensors an Arrow stream, which the serializer closes when it is written; null for none
   */
  record Outgoing(Hop hop, EncodedTensors tensors) implements ShuffledHop, AutoCloseable {
    @Override
    public void close() {
      if (tensors != null) {
        tensors.close();
      }
    }
  }

  /**
   * One that was read.
   *
   * @param payload the Arrow stream, owned by whoever holds this; null for none
   */
  record Incoming(Hop hop, ReceiveBuffer payload) implements ShuffledHop, AutoCloseable {
    @Override
    public void close() {
      if (payload != null) {
        payload.close();
      }
    }
  }
}
