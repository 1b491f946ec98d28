package io.stagecoach.scale;

/**
 * What connects executors. Each has a link of its own, that sends and receives at once.
 *
 * @param latencySeconds from a send to when the receiver begins to have it
 * @param bytesPerSecond of an executor's link, in each direction
 */
public record DescribedNetwork(double latencySeconds, double bytesPerSecond) {

  public DescribedNetwork {
    ScaleDescription.requireNotNegative("latencySeconds", latencySeconds);
    ScaleDescription.requirePositive("bytesPerSecond of the network", bytesPerSecond);
  }

  /** The time from a send to when all is there. */
  double seconds(double bytes) {
    return latencySeconds + bytes / bytesPerSecond;
  }
}
