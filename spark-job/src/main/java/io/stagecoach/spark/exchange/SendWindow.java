package io.stagecoach.spark.exchange;

/** The sending end of one lane's credit for one kind of hop. */
final class SendWindow {

  private long sent;
  private long allowed;

  boolean isUsedUp() {
    return sent == allowed;
  }

  void send() {
    sent++;
  }

  /** So many may be sent in all; what was allowed is never taken back. */
  void allow(long total) {
    allowed = Math.max(allowed, total);
  }
}
