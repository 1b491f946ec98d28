package io.stagecoach.error;

/**
 * What is left of a cause that is an error of the virtual machine, or has one: its text and stack
 * trace. Spark ends an executor's process where a task fails with such an error among its causes,
 * and the driver then hears of a lost executor in place of the cause.
 */
final class CauseText extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private CauseText(Throwable cause, Throwable next) {
    super(cause.toString(), next);
    setStackTrace(cause.getStackTrace());
  }

  /** The cause itself where it ends nothing. */
  static Throwable of(Throwable cause) {
    return hasMachineError(cause) ? new CauseText(cause, of(cause.getCause())) : cause;
  }

  private static boolean hasMachineError(Throwable cause) {
    for (Throwable at = cause; at != null; at = at.getCause()) {
      if (at instanceof VirtualMachineError) {
        return true;
      }
    }
    return false;
  }
}
