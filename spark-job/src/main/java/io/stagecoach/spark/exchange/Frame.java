package io.stagecoach.spark.exchange;

/** What the head of a frame says. A hop and a message are followed by their payload. */
sealed interface Frame {

  /** What it is, for messages to people. */
  default String words() {
    if (this instanceof Hop carried) {
      io.stagecoach.stage.Hop hop = carried.hop();
      return "the "
          + (hop.kind() == io.stagecoach.stage.Hop.Kind.ACTIVATIONS ? "activations" : "gradients")
          + " of micro-batch "
          + hop.microBatch()
          + " from stage "
          + hop.from()
          + " to stage "
          + hop.to()
          + " in step "
          + hop.step();
    }
    return this instanceof Message message ? "a message " + message.kind() : toString();
  }

  /** The sender's stage will send hops to the receiver's on this connection. */
  record Lane(long epoch, int from, int to) implements Frame {}

  /** A hop; its payload is the encoded tensors, or nothing. */
  record Hop(io.stagecoach.stage.Hop hop) implements Frame {}

  /**
   * How many hops of a kind may be sent on this connection, counted from its beginning, so that a
   * grant says the same however often it is heard.
   */
  record Credit(io.stagecoach.stage.Hop.Kind kind, long total) implements Frame {}

  /** A control message; its payload is the body, then the encoded tensors if there are any. */
  record Message(String kind, int bodyBytes) implements Frame {}

  /** The sender closes the connection in order. */
  record Goodbye() implements Frame {}
}
