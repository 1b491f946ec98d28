package io.stagecoach.plan;

/** Which devices may host which stages, where somebody wants stages on certain machines. */
@FunctionalInterface
public interface DevicePins {

  /**
   * Whether a stage may be on a device.
   *
   * @param device its number, which is that of the stage that it hosts now
   */
  boolean allow(int stage, int device);
}
