package io.stagecoach.spark.exchange;

import io.stagecoach.tensor.Tensors;
import java.nio.charset.StandardCharsets;

/** A control message: what kind it is, a body that only its readers understand, and tensors. */
public final class Control implements AutoCloseable {

  private final String kind;
  private final byte[] body;
  private final Tensors tensors;

  private Control(String kind, byte[] body, Tensors tensors) {
    this.kind = kind;
    this.body = body;
    this.tensors = tensors;
  }

  /**
   * A message.
   *
   * @param kind what it is, at most 255 bytes of UTF-8
   * @param body its text, such as JSON; taken over, not copied
   * @param tensors its arrays; taken over
   */
  public static Control of(String kind, byte[] body, Tensors tensors) {
    return new Control(kind, body, tensors);
  }

  /** A message without tensors. */
  public static Control of(String kind, byte[] body) {
    return new Control(kind, body, Tensors.none());
  }

  /** What it is. */
  public String kind() {
    return kind;
  }

  /** Its text, not copied. */
  public byte[] body() {
    return body;
  }

  /** Its text as UTF-8. */
  public String bodyText() {
    return new String(body, StandardCharsets.UTF_8);
  }

  /** Its arrays; whoever holds the message owns them. */
  public Tensors tensors() {
    return tensors;
  }

  /** Closes the tensors. */
  @Override
  public void close() {
    tensors.close();
  }

  @Override
  public String toString() {
    return kind + " (" + body.length + " bytes, " + tensors + ")";
  }
}
