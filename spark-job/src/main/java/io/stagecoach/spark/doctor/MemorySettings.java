package io.stagecoach.spark.doctor;

import org.apache.spark.SparkConf;

/** Spark's settings of memory, for the driver or the executors, in bytes. */
final class MemorySettings {

  private static final long MEBIBYTE = 1L << 20;

  /** Spark's own: a tenth of the heap, and this at least. */
  private static final long LEAST_OVERHEAD = 384 * MEBIBYTE;

  private static final double OVERHEAD_FACTOR = 0.1;

  /** What an estimate leaves out, such as what allocators lose. */
  private static final double ALLOWANCE = 1.25;

  /** Settings are written in these. */
  private static final long STEP = 128 * MEBIBYTE;

  private MemorySettings() {}

  static long heap(SparkConf settings, String role) {
    return settings.getSizeAsMb("spark." + role + ".memory", "1g") * MEBIBYTE;
  }

  static boolean isOverheadSet(SparkConf settings, String role) {
    return settings.contains("spark." + role + ".memoryOverhead");
  }

  // Sizes without a unit are MiB, as Spark itself takes them.

  /** What is granted beside the heap: the setting, or what Spark takes by default. */
  static long overhead(SparkConf settings, String role) {
    if (isOverheadSet(settings, role)) {
      return settings.getSizeAsMb("spark." + role + ".memoryOverhead") * MEBIBYTE;
    }
    double factor = settings.getDouble("spark." + role + ".memoryOverheadFactor", OVERHEAD_FACTOR);
    return Math.max(LEAST_OVERHEAD, (long) (heap(settings, role) * factor));
  }

  /** An estimate and a quarter more. */
  static long roomFor(long estimate) {
    return (long) (estimate * ALLOWANCE);
  }

  /** As Spark and Java write it, rounded up. */
  static String mebibytes(long bytes) {
    return Math.max(1, (bytes + STEP - 1) / STEP) * (STEP / MEBIBYTE) + "m";
  }
}
