package io.stagecoach.spark.job;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.tensor.WireType;
import org.nd4j.linalg.api.buffer.DataType;

/** Which networks may be trained with which type on the wire. */
final class WireTypeCheck {

  private WireTypeCheck() {}

  /**
   * Refuses halves for a network of doubles: who asks for these does not want eleven bits of them.
   *
   * @throws StagecoachException CONFIGURATION
   */
  static void check(WireType wireType, DataType network) {
    if (wireType == WireType.FLOAT16 && network == DataType.DOUBLE) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          Settings.WIRE_TYPE.key() + "=float16 is for networks of float32; this one is of float64",
          "Leave " + Settings.WIRE_TYPE.key() + " out, or give the network the data type FLOAT.");
    }
  }
}
