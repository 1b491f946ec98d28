package io.stagecoach.scale;

/**
 * The driver's machine.
 *
 * @param bytesPerSecond of its link, in each direction
 * @param memoryBytesPerSecond what sums and updates read and write in a second
 * @param secondsPerMessage what it takes to take, or to send, a message of no size
 */
public record DescribedDriver(
    double bytesPerSecond, double memoryBytesPerSecond, double secondsPerMessage) {

  public DescribedDriver {
    ScaleDescription.requirePositive("bytesPerSecond of the driver", bytesPerSecond);
    ScaleDescription.requirePositive("memoryBytesPerSecond of the driver", memoryBytesPerSecond);
    ScaleDescription.requireNotNegative("secondsPerMessage", secondsPerMessage);
  }
}
