package io.stagecoach.spark.gpu;

import com.sun.jna.Library;
import com.sun.jna.Native;

/**
 * Which of the host's GPUs CUDA shows to this process. It looks once, when it starts: that must be
 * decided before ND4J is first used.
 */
final class VisibleGpus {

  private static final String VARIABLE = "CUDA_VISIBLE_DEVICES";

  private VisibleGpus() {}

  /** The C library's environment, which Java only has a copy of. */
  private interface CLibrary extends Library {

    int setenv(String name, String value, int overwrite);

    String getenv(String name);
  }

  private static CLibrary library() {
    return Native.loadLibrary("c", CLibrary.class);
  }

  /**
   * Shows one, by its address: its index or its UUID.
   *
   * @throws LinkageError where native code cannot be called
   */
  static void only(String address) {
    set(address);
  }

  /**
   * Shows none.
   *
   * @throws LinkageError where native code cannot be called
   */
  static void none() {
    set("");
  }

  private static void set(String value) {
    if (library().setenv(VARIABLE, value, 1) != 0) {
      throw new IllegalStateException("the environment has no room for " + VARIABLE);
    }
  }

  /** What CUDA will read; null where it is not set. */
  static String value() {
    return library().getenv(VARIABLE);
  }
}
