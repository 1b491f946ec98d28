package io.stagecoach.error;

import java.util.Locale;
import java.util.Optional;

/** Memory that was not enough, as a typed error, however the library that wanted it says so. */
public final class MemoryShortage {

  /** What a user can do about memory that an executor lacks. */
  public static final String REMEDY =
      "Give executors more memory (spark.executor.memoryOverhead with"
          + " -Dorg.bytedeco.javacpp.maxphysicalbytes in spark.executor.extraJavaOptions off the"
          + " heap, spark.executor.memory on it), or let stages need less:"
          + " spark.stagecoach.recompute=stage, smaller micro-batches (a larger"
          + " spark.stagecoach.microBatches) or more spark.stagecoach.stages";

  private MemoryShortage() {}

  /** The error of kind {@code RESOURCE} for memory that was not there. */
  public static StagecoachException of(String during, Where where, OutOfMemoryError failure) {
    return typed(during, where, failure).orElseThrow();
  }

  /**
   * The error of kind {@code RESOURCE} that a failure comes down to.
   *
   * @param during what was being done, as the object of "during"
   * @return none where the failure is of another kind, or typed already
   */
  public static Optional<StagecoachException> typed(String during, Where where, Throwable failure) {
    return in(failure)
        .map(
            lacking ->
                new StagecoachException(
                    ErrorKind.RESOURCE,
                    "Out of memory during " + during + ": " + says(lacking),
                    where,
                    REMEDY,
                    failure));
  }

  /** Whichever of a failure's causes is a want of memory; none in one that is typed already. */
  private static Optional<Throwable> in(Throwable failure) {
    for (Throwable at = failure; at != null; at = at.getCause()) {
      if (at instanceof StagecoachException) {
        return Optional.empty();
      } else if (isLackOfMemory(at)) {
        return Optional.of(deepest(at));
      }
    }
    return Optional.empty();
  }

  /** JavaCPP's own error, which has the figures, is the cause of the one that its callers get. */
  private static Throwable deepest(Throwable lacking) {
    Throwable deepest = lacking;
    for (Throwable at = lacking.getCause(); at != null; at = at.getCause()) {
      deepest = isLackOfMemory(at) ? at : deepest;
    }
    return deepest;
  }

  /** Arrow's is an exception of its own, and native code's has C++'s name in its message. */
  private static boolean isLackOfMemory(Throwable failure) {
    return failure instanceof OutOfMemoryError
        || failure.getClass().getSimpleName().equals("OutOfMemoryException")
        || String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT).contains("bad_alloc");
  }

  private static String says(Throwable lacking) {
    String message = lacking.getMessage();
    return message == null || message.isBlank()
        ? lacking.getClass().getSimpleName()
        : message.strip();
  }
}
