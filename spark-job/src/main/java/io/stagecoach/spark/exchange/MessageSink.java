package io.stagecoach.spark.exchange;

import io.stagecoach.tensor.ReceiveBuffer;
import io.stagecoach.tensor.TensorCodec;
import io.stagecoach.tensor.Tensors;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Puts a control message together. */
final class MessageSink implements PayloadSink {

  private final String kind;
  private final byte[] body;
  private final ReceiveBuffer encoded;
  private final TensorCodec codec;
  private final Consumer<Control> whole;

  /**
   * @param head what the message is
   * @param payload the bytes of body and tensors
   * @param codec decodes the tensors
   * @param whole gets the message
   */
  MessageSink(Frame.Message head, long payload, TensorCodec codec, Consumer<Control> whole) {
    this.kind = head.kind();
    this.body = new byte[head.bodyBytes()];
    long tensorBytes = payload - body.length;
    this.encoded = tensorBytes == 0 ? null : ReceiveBuffer.allocate(tensorBytes);
    this.codec = codec;
    this.whole = whole;
  }

  @Override
  public void put(long offset, ByteBuffer chunk) {
    if (offset < body.length) {
      int bytes = (int) Math.min(body.length - offset, chunk.remaining());
      chunk.get(body, (int) offset, bytes);
      offset += bytes;
    }
    if (chunk.hasRemaining()) {
      encoded.put(offset - body.length, chunk);
    }
  }

  @Override
  public void complete() {
    Tensors tensors = encoded == null ? Tensors.none() : codec.decode(encoded).tensors();
    whole.accept(Control.of(kind, body, tensors));
  }

  @Override
  public void abort() {
    if (encoded != null) {
      encoded.close();
    }
  }
}
