package io.stagecoach.spark.exchange;

/**
 * Another process of the run, at the far end of one connection, who has proved that it knows the
 * run's secret. Thread-safe.
 */
public interface Peer {

  /** The name it gave itself, unique in the run. */
  String name();

  /** Where the connection goes to, for messages to people. */
  String address();

  /**
   * Sends a control message and owns its tensors from here on: they are closed when they are out.
   * Returns as soon as the message is under way; messages arrive in the order of these calls.
   *
   * @throws io.stagecoach.error.StagecoachException with the first cause, if the connection is gone
   */
  void send(Control message);

  /** Whether messages can still be sent. */
  boolean isOpen();

  /** Says goodbye after everything sent before, and closes the connection. */
  void close();
}
