package io.stagecoach.spark.gpu;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.util.Arrays;
import java.util.Optional;

/**
 * That ND4J's native code did not start. Where a backend finds nothing to compute on, ND4J takes
 * the next one; where it finds a device, and then fails, it ends with errors of class loading that
 * say nothing to a user.
 */
public final class BackendFailure {

  private static final String LOADER = "org.nd4j.linalg.factory.Nd4j";

  private BackendFailure() {}

  /**
   * The error of kind {@link ErrorKind#CLUSTER} that a failure comes down to.
   *
   * @return none where the failure is of another kind, or typed already
   */
  public static Optional<StagecoachException> typed(Throwable failure) {
    boolean isOfNd4j = false;
    Throwable deepest = failure;
    for (Throwable at = failure; at != null; at = at.getCause()) {
      if (at instanceof StagecoachException) {
        return Optional.empty();
      }
      isOfNd4j |= at instanceof LinkageError && isFromLoader(at);
      deepest = at;
    }
    return isOfNd4j
        ? Optional.of(
            new StagecoachException(
                ErrorKind.CLUSTER,
                "ND4J did not start: "
                    + (deepest.getMessage() == null ? deepest : deepest.getMessage()),
                Where.nowhere(),
                "The jar has native code for one platform, which needs glibc 2.27 and a temporary"
                    + " directory that programs may run from (-Dorg.bytedeco.javacpp.cachedir names"
                    + " another). That of -Pcuda needs a device that it serves and a driver for CUDA"
                    + " 11.6 where it finds CUDA's libraries; take them out of LD_LIBRARY_PATH, and"
                    + " it computes on the CPU.",
                failure))
        : Optional.empty();
  }

  /** The first failure has been there; a later one only says that the class is of no use. */
  private static boolean isFromLoader(Throwable failure) {
    return String.valueOf(failure.getMessage()).contains(LOADER)
        || Arrays.stream(failure.getStackTrace())
            .anyMatch(frame -> frame.getClassName().startsWith(LOADER));
  }
}
