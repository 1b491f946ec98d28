package io.stagecoach.spark.gpu;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How a stage's task comes by its executor's GPU. */
enum StageGpu {
  /** Not by Spark. */
  NONE,
  /** As every task of the application does, by Spark's settings. */
  AS_EVERY_TASK,
  /** It asks for a whole one, which other tasks do not. */
  BY_PROFILE,
  /** Every task would have to ask for it, and none does. */
  IMPOSSIBLE;

  private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+)(?:\\.(\\d+))?.*");

  /**
   * How it does.
   *
   * @param master the cluster's
   * @param version Spark's
   */
  static StageGpu of(GpuSettings settings, String master, String version) {
    if (!settings.bySpark()) {
      return NONE;
    }
    if (settings.perTask() > 0) {
      // A share of the one that its executor has is that one. Beside shares, Spark would count the
      // slots of a profile that asks for a whole one wrongly.
      return AS_EVERY_TASK;
    }
    return hasTaskProfiles(master, version) ? BY_PROFILE : IMPOSSIBLE;
  }

  /** Whether a task may ask for more than others while executors are all alike. */
  private static boolean hasTaskProfiles(String master, String version) {
    if (master.startsWith("spark://") || master.startsWith("local-cluster")) {
      return true;
    }
    return (master.startsWith("yarn") || master.startsWith("k8s")) && isFrom351(version);
  }

  private static boolean isFrom351(String version) {
    Matcher parts = VERSION.matcher(version);
    if (!parts.matches()) {
      return false;
    }
    long major = Long.parseLong(parts.group(1));
    long minor = Long.parseLong(parts.group(2));
    long patch = parts.group(3) == null ? 0 : Long.parseLong(parts.group(3));
    return major > 3 || (major == 3 && (minor > 5 || (minor == 5 && patch >= 1)));
  }
}
