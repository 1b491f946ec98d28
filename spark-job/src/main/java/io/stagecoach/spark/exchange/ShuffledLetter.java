package io.stagecoach.spark.exchange;

import io.stagecoach.tensor.EncodedTensors;
import io.stagecoach.tensor.ReceiveBuffer;

/**
 * What stages say to each other beside hops, as Spark's shuffle carries it: a text that only its
 * readers understand, and tensors.
 */
public sealed interface ShuffledLetter {

  /** The text, such as JSON. */
  String text();

  /**
   * One that is to be written.
   *
   * @param stage the stage that it is for
   */
  record Outgoing(int stage, String text, EncodedTensors tensors)
      implements ShuffledLetter, ShuffleOutput {}

  /** One that was read. */
  record Incoming(String text, ReceiveBuffer payload) implements ShuffledLetter, ShuffleInput {}
}
