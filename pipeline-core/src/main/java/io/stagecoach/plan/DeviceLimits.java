package io.stagecoach.plan;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What devices may hold of stages.
 *
 * @param byDevice in bytes, for the executors of all replicas, numbered through; a single number
 *     where it is the same for all. A limit below 1 is an error of kind {@code PLAN}.
 */
public record DeviceLimits(List<Long> byDevice) {

  /** No limit of memory. */
  public static final long UNLIMITED = Long.MAX_VALUE;

  /** No device has one. */
  public static final DeviceLimits NONE = everywhere(UNLIMITED);

  public DeviceLimits {
    byDevice = List.copyOf(byDevice);
    long least = Collections.min(byDevice);
    if (least < 1) {
      throw new StagecoachException(
          ErrorKind.PLAN,
          "the memory limit of a device is " + least + " bytes",
          "Give a limit above 0, or none.");
    }
  }

  /** The same for all. */
  public static DeviceLimits everywhere(long bytes) {
    return new DeviceLimits(List.of(bytes));
  }

  /** Whether no device has a limit. */
  boolean isNone() {
    return least() == UNLIMITED;
  }

  /** What a device may hold. */
  public long of(int device) {
    return byDevice.get(byDevice.size() == 1 ? 0 : device);
  }

  /**
   * What all may hold that have the same stages, one in each replica.
   *
   * @param executors of one replica
   */
  long ofPlace(int place, int executors) {
    return byDevice.size() == 1
        ? byDevice.get(0)
        : IntStream.iterate(place, device -> device < byDevice.size(), device -> device + executors)
            .mapToLong(byDevice::get)
            .min()
            .orElseThrow();
  }

  /** What whoever may hold most may hold. */
  long most() {
    return Collections.max(byDevice);
  }

  /** What everyone may hold. */
  long least() {
    return Collections.min(byDevice);
  }

  /** Whether they are the same for all. */
  public boolean areAlike() {
    return least() == most();
  }

  /** The same devices, when each place has the one that has the given place now. */
  public DeviceLimits inOrder(List<Integer> order) {
    return byDevice.size() == 1
        ? this
        : new DeviceLimits(order.stream().map(byDevice::get).toList());
  }

  /** The amounts for people, as what a device, or what devices, may hold. */
  String words() {
    return areAlike()
        ? "the " + words(least()) + " that a device may hold"
        : "what devices may hold ("
            + byDevice.stream().map(DeviceLimits::words).collect(Collectors.joining(", "))
            + ")";
  }

  private static String words(long bytes) {
    return bytes == UNLIMITED ? "no limit" : Quantity.bytes(bytes);
  }
}
