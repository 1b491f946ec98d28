package io.stagecoach.stage;

import io.stagecoach.tensor.Narrowing;
import java.io.Serializable;

/**
 * What an exchange carried.
 *
 * @param hopsSent hops sent
 * @param bytesSent bytes of them on the wire
 * @param hopsReceived hops received
 * @param bytesReceived bytes of them on the wire
 * @param sendNanos time in {@code send}: encoding, and waiting for credit
 * @param receiveNanos time from a frame's first byte to its tensors, waiting for the peer not
 *     included
 * @param narrowing what became of the values of hops sent that were narrowed for the wire
 */
public record Traffic(
    long hopsSent,
    long bytesSent,
    long hopsReceived,
    long bytesReceived,
    long sendNanos,
    long receiveNanos,
    Narrowing narrowing)
    implements Serializable {

  /** Nothing. */
  public static Traffic none() {
    return new Traffic(0, 0, 0, 0, 0, 0, Narrowing.none());
  }

  /** One hop that was sent. */
  public static Traffic sent(long bytes, long nanos, Narrowing narrowing) {
    return new Traffic(1, bytes, 0, 0, nanos, 0, narrowing);
  }

  /** One hop that was received. */
  public static Traffic received(long bytes, long nanos) {
    return new Traffic(0, 0, 1, bytes, 0, nanos, Narrowing.none());
  }

  /** Both together. */
  public Traffic plus(Traffic more) {
    return new Traffic(
        hopsSent + more.hopsSent,
        bytesSent + more.bytesSent,
        hopsReceived + more.hopsReceived,
        bytesReceived + more.bytesReceived,
        sendNanos + more.sendNanos,
        receiveNanos + more.receiveNanos,
        narrowing.plus(more.narrowing));
  }
}
