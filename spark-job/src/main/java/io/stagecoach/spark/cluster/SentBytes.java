package io.stagecoach.spark.cluster;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.broadcast.Broadcast;
import scala.reflect.ClassTag$;

/** Tensors that an executor is sent, as an Arrow stream: with its task, or to be fetched. */
final class SentBytes implements Serializable {

  private static final long serialVersionUID = 1L;

  /** Smaller ones travel with the task; Spark warns of tasks above 1,000 KiB. */
  private static final int MOST_WITH_TASK = 256 << 10;

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

  /**
   * As is best for so many.
   *
   * @param broadcasts is added what is to be destroyed when they have been fetched
   */
  static SentBytes of(SparkContext spark, byte[] bytes, List<Broadcast<byte[]>> broadcasts) {
    if (bytes.length <= MOST_WITH_TASK) {
      return withTask(bytes);
    }
    Broadcast<byte[]> broadcast =
        spark.broadcast(bytes, ClassTag$.MODULE$.<byte[]>apply(byte[].class));
    broadcasts.add(broadcast);
    return new SentBytes(null, broadcast);
  }

  static SentBytes withTask(byte[] bytes) {
    return new SentBytes(bytes, null);
  }

  byte[] bytes() {
    return here == null ? fetched.value() : here;
  }
}
