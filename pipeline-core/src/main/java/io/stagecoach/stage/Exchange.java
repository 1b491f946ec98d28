package io.stagecoach.stage;

import io.stagecoach.tensor.Tensors;

/**
 * What carries the hops of an executor's stages. One thread calls it. A failure anywhere (a lost
 * peer, a passed deadline, a malformed frame) is a {@link io.stagecoach.error.StagecoachException}
 * from the call that meets it.
 */
public interface Exchange extends AutoCloseable {

  /**
   * Sends tensors and owns them from here on: closes them when they are out. Returns as soon as the
   * hop is under way, or waits while the receiver has not taken enough of what was sent before
   * (credit-based back-pressure).
   */
  void send(Hop hop, Tensors tensors);

  /** Waits for this hop's tensors; the caller owns them. */
  Tensors receive(Hop hop);

  /** What has been carried for a stage since this was last asked, and forgets it. */
  Traffic drainTraffic(int stage);

  @Override
  void close();
}
