package io.stagecoach.spark.exchange;

/**
 * The receiving end of one lane's credit for one kind of hop. While its stage computes, the sender
 * may be {@code window} hops ahead of what was taken; while its stage waits in the exchange, {@code
 * window} hops ahead of what has come, because a stage that waits can compute nothing, and to hold
 * its neighbours back could only make it wait for ever.
 */
final class CreditWindow {

  private final int window;
  private final int batch;
  private long granted;
  private long arrived;
  private long taken;

  CreditWindow(int window) {
    this.window = window;
    this.batch = Math.max(1, window / 2);
  }

  /** Counts a hop that comes; false if it is beyond the credit. */
  boolean arrive() {
    if (arrived == granted) {
      return false;
    }
    arrived++;
    return true;
  }

  /** Counts a hop that is taken or dropped. */
  void take() {
    taken++;
  }

  /** The new total to grant, or -1 while it is not worth a frame. */
  long grant(boolean waiting) {
    long target = window + (waiting ? arrived : taken);
    if (target - granted < batch) {
      return -1;
    }
    granted = target;
    return granted;
  }
}
