package io.stagecoach.spark.cluster;

import java.io.Serializable;
import org.apache.spark.broadcast.Broadcast;

/** Tensors that an executor is sent, as an Arrow stream: with its task, or to be fetched. */
final class SentBytes implements Serializable {

  private static final long serialVersionUID = 1L;

  private final byte[] here;
  private final Broadcast<byte[]> fetched;

  private SentBytes(byte[] here, Broadcast<byte[]> fetched) {
    this.here = here;
    this.fetched = fetched;
  }

  /** No tensors. */
  static SentBytes none() {
    return withTask(new byte[0]);
  }

  static SentBytes withTask(byte[] bytes) {
    return new SentBytes(bytes, null);
  }

  static SentBytes fetched(Broadcast<byte[]> broadcast) {
    return new SentBytes(null, broadcast);
  }

  byte[] bytes() {
    return here == null ? fetched.value() : here;
  }
}
