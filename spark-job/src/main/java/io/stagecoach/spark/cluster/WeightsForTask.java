package io.stagecoach.spark.cluster;

import java.io.Serializable;
import org.apache.spark.broadcast.Broadcast;

/** New weights of an executor's stages, as an Arrow stream: with its task, or to be fetched. */
final class WeightsForTask implements Serializable {

  private static final long serialVersionUID = 1L;

  private final byte[] here;
  private final Broadcast<byte[]> fetched;

  private WeightsForTask(byte[] here, Broadcast<byte[]> fetched) {
    this.here = here;
    this.fetched = fetched;
  }

  static WeightsForTask withTask(byte[] bytes) {
    return new WeightsForTask(bytes, null);
  }

  static WeightsForTask fetched(Broadcast<byte[]> broadcast) {
    return new WeightsForTask(null, broadcast);
  }

  byte[] bytes() {
    return here == null ? fetched.value() : here;
  }
}
