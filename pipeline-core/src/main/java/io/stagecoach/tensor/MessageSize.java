package io.stagecoach.tensor;

/** What is known of the sizes of messages. */
public final class MessageSize {

  /**
   * Of tensors that could as well wait for others, less than so many bytes is not worth a message
   * of its own: it would take as long to be said as to be carried.
   */
  public static final long WORTHWHILE_BYTES = 1 << 18;

  private MessageSize() {}
}
