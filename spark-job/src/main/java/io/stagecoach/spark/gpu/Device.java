package io.stagecoach.spark.gpu;

import java.util.Locale;

/**
 * A GPU as ND4J sees it.
 *
 * @param name its product's name
 * @param major its compute capability, before the point
 * @param minor and after it
 * @param freeBytes its memory that nobody uses
 * @param totalBytes its memory
 */
record Device(String name, int major, int minor, long freeBytes, long totalBytes) {

  private static final double GIB = 1L << 30;

  /**
   * Whether ND4J's code can run on it: nd4j-cuda-11.6 M2.1 has machine code for capabilities 3.7 to
   * 8.6, and none that a later generation could translate. A device runs the code of its own
   * generation up to its own capability.
   */
  boolean isServed() {
    return (major == 3 && minor >= 7) || (major >= 5 && major <= 8);
  }

  String capability() {
    return major + "." + minor;
  }

  /** The device, and how much of its memory is used. */
  String words() {
    return String.format(
        Locale.ROOT,
        "%s, capability %s, %.1f of %.1f GiB used",
        name,
        capability(),
        (totalBytes - freeBytes) / GIB,
        totalBytes / GIB);
  }
}
