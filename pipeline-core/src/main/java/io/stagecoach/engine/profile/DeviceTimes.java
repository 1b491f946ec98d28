package io.stagecoach.engine.profile;

import java.io.Serializable;
import java.util.List;

/**
 * What all layers took on an executor, for one micro-batch of the same size as on the others.
 *
 * @param executor Spark's id of it
 * @param host its host, as Spark names it
 * @param forward the forward passes, in nanoseconds
 * @param backward the backward passes, in nanoseconds
 */
public record DeviceTimes(String executor, String host, long forward, long backward)
    implements Serializable {

  /** Executors that are alike were measured to differ by less than this. */
  private static final double ALIKE = 1.4;

  /** Of small networks it is Java's compiler and the clock by which executors differ. */
  private static final long SHORT_NANOS = 1_000_000;

  public DeviceTimes {
    if (forward < 1 || backward < 1) {
      throw new IllegalArgumentException(forward + " and " + backward + " ns");
    }
  }

  /** Forward and backward. */
  public long total() {
    return forward + backward;
  }

  /** Whether some of these are slower than others by more than measuring alone makes them. */
  public static boolean differ(List<DeviceTimes> devices) {
    long least = devices.stream().mapToLong(DeviceTimes::total).min().orElse(0);
    return devices.stream()
        .mapToLong(DeviceTimes::total)
        .anyMatch(time -> time > ALIKE * least && time - least > SHORT_NANOS);
  }
}
