package io.stagecoach.stage;

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
 */
public record Traffic(
    long hopsSent,
    long bytesSent,
    long hopsReceived,
    long bytesReceived,
    long sendNanos,
    long receiveNanos)
    implements Serializable {

  /** Nothing. */
  public static Traffic none() {
    return new Traffic(0, 0, 0, 0, 0, 0);
  }

  /** Both together. */
  public Traffic plus(Traffic more) {
    return new Traffic(
        hopsSent + more.hopsSent,
        bytesSent + more.bytesSent,
        hopsReceived + more.hopsReceived,
        bytesReceived + more.bytesReceived,
        sendNanos + more.sendNanos,
        receiveNanos + more.receiveNanos);
  }
}
