package io.stagecoach.spark.exchange;

import io.stagecoach.error.StagecoachException;

/**
 * Hears what other processes say. Called on the transport's own threads, in order for each peer: it
 * must not wait, but hand over what takes time.
 */
public interface Receiver {

  /** A message has come whole; the receiver owns its tensors. */
  void message(Peer from, Control message);

  /**
   * A connection has ended, once for each peer that had said hello: {@code EXECUTOR_LOST} if it
   * broke, {@code PEER} if the peer said goodbye or was sent away for what it sent, {@code
   * RESOURCE} if this process has no memory for it; only the last is said of lanes, too.
   */
  void lost(Peer from, StagecoachException why);
}
