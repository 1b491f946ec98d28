package io.stagecoach.spark.exchange;

/** Something that came over the network is not accepted; its connection ends. */
final class RefusedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final Refusal reason;

  RefusedException(Refusal reason, String what) {
    super(what);
    this.reason = reason;
  }

  RefusedException(Refusal reason, String what, Throwable cause) {
    super(what, cause);
    this.reason = reason;
  }

  /** Bytes that are not those that were sent. */
  static RefusedException corrupt(String what) {
    return new RefusedException(
        Refusal.CORRUPT, what + ": the checksum is not that of what was sent");
  }

  Refusal reason() {
    return reason;
  }
}
