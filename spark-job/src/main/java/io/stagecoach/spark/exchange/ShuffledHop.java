package io.stagecoach.spark.exchange;

import io.stagecoach.stage.Hop;
import io.stagecoach.tensor.EncodedTensors;
import io.stagecoach.tensor.ReceiveBuffer;

/** A hop as Spark's shuffle carries it: written on one executor, read on another. */
public sealed interface ShuffledHop {

  /** Which hop. */
  Hop hop();

  /** One that is to be written. */
  record Outgoing(Hop hop, EncodedTensors tensors) implements ShuffledHop, ShuffleOutput {
    @Override
    public int stage() {
      return hop.to();
    }
  }

  /** One that was read. */
  record Incoming(Hop hop, ReceiveBuffer payload) implements ShuffledHop, ShuffleInput {}
}
