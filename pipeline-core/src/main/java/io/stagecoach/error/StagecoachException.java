package io.stagecoach.error;

import java.util.Objects;

/**
 * The one exception that a user sees: what happened, where, and what to do. The first cause is what
 * ends a run; later ones are dropped by whoever catches them.
 */
public final class StagecoachException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final ErrorKind kind;
  private final String what;
  private final Where where;
  private final String remedy;

  /**
   * @param kind what class of error this is
   * @param what what happened, one sentence without a full stop at the end
   * @param where where it happened
   * @param remedy what the user can do about it; may be empty where nothing can be done
   * @param cause the cause, or null; an error of the virtual machine is kept as text
   */
  public StagecoachException(
      ErrorKind kind, String what, Where where, String remedy, Throwable cause) {
    super(message(what, where, remedy), CauseText.of(cause));
    this.kind = Objects.requireNonNull(kind, "kind");
    this.what = what;
    this.where = where;
    this.remedy = remedy;
  }

  /** An error with no cause and no place. */
  public StagecoachException(ErrorKind kind, String what, String remedy) {
    this(kind, what, Where.nowhere(), remedy, null);
  }

  private static String message(String what, Where where, String remedy) {
    StringBuilder text = new StringBuilder(what);
    String place = where.toString();
    if (!place.isEmpty()) {
      text.append(" (").append(place).append(')');
    }
    if (!remedy.isEmpty()) {
      text.append(". ").append(remedy);
    }
    return text.toString();
  }

  /** What class of error this is. */
  public ErrorKind kind() {
    return kind;
  }

  /** What happened. */
  public String what() {
    return what;
  }

  /** Where it happened. */
  public Where where() {
    return where;
  }

  /** What the user can do about it; empty where nothing can be done. */
  public String remedy() {
    return remedy;
  }

  /** The same error, with a place; parts of the place that this error knows already are kept. */
  public StagecoachException at(Where place) {
    Where merged =
        new Where(
            where.stage() >= 0 ? where.stage() : place.stage(),
            where.stages() > 0 ? where.stages() : place.stages(),
            where.executor().isEmpty() ? place.executor() : where.executor(),
            where.step() >= 0 ? where.step() : place.step(),
            where.microBatch() >= 0 ? where.microBatch() : place.microBatch());
    return merged.equals(where)
        ? this
        : new StagecoachException(
            kind, what, merged, remedy, getCause() == null ? this : getCause());
  }
}
