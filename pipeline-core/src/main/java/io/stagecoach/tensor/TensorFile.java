package io.stagecoach.tensor;

import com.google.flatbuffers.FlatBufferBuilder;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.apache.arrow.vector.ipc.message.ArrowFooter;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Named tensors as an Arrow IPC file: one row, a column of the extension type {@code
 * arrow.fixed_shape_tensor} for each. Any Arrow reader opens it. The file is the codec's message
 * between the marks and the footer that make a stream a file, and keeps shape, order and every bit.
 */
public final class TensorFile {

  private static final byte[] MAGIC = "ARROW1".getBytes(StandardCharsets.US_ASCII);

  /** The mark, padded to Arrow's alignment. */
  private static final int START = 8;

  /** The footer's length, and the mark again. */
  private static final int END = 4 + MAGIC.length;

  /** What is copied through the heap at a time. */
  private static final int PIECE = 1 << 20;

  private TensorFile() {}

  /**
   * Writes a file; the stream is left open. Borrows the tensors, of which nothing is copied but a
   * piece at a time.
   *
   * @throws StagecoachException MODEL for an element type or a shape that cannot be written
   */
  public static void write(OutputStream out, Tensors tensors) throws IOException {
    Tensors borrowed = Tensors.viewsOf(tensors.asMap(), () -> {});
    try (BufferAllocator allocator = new RootAllocator();
        TensorCodec codec = codec(allocator);
        EncodedTensors encoded = codec.encode(new TensorMessage(0, borrowed))) {
      List<ByteBuffer> parts = encoded.parts();
      ByteBuffer head = parts.get(0).duplicate();
      byte[] headBytes = new byte[head.remaining()];
      head.get(headBytes);
      out.write(Arrays.copyOf(MAGIC, START));
      byte[] piece = new byte[PIECE];
      for (ByteBuffer part : parts) {
        while (part.hasRemaining()) {
          int bytes = Math.min(part.remaining(), PIECE);
          part.get(piece, 0, bytes);
          out.write(piece, 0, bytes);
        }
      }
      out.write(tail(headBytes, encoded.length() - headBytes.length - MessageLayouts.END_BYTES));
    }
  }

  private static TensorCodec codec(BufferAllocator allocator) {
    return new TensorCodec(allocator, "a tensor file", Long.MAX_VALUE);
  }

  private static byte[] tail(byte[] head, long body) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
    int batchStart = 8 + bytes.getInt(4);
    Schema schema =
        MessageSerializer.deserializeSchema(
            Message.getRootAsMessage(bytes.slice(8, batchStart - 8).order(bytes.order())));
    ArrowBlock block = new ArrowBlock(START + batchStart, head.length - batchStart, body);
    FlatBufferBuilder builder = new FlatBufferBuilder();
    builder.finish(new ArrowFooter(schema, List.of(), List.of(block)).writeTo(builder));
    byte[] footer = MessageLayouts.bytes(builder.dataBuffer());
    ByteArrayOutputStream tail = new ByteArrayOutputStream();
    tail.writeBytes(footer);
    tail.writeBytes(
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(footer.length).array());
    tail.writeBytes(MAGIC);
    return tail.toByteArray();
  }

  /**
   * Reads a file that {@link #write} made, to its end. The tensors, which the caller owns, are
   * views of the one copy of it that is held.
   *
   * @param length how many bytes the file has; no more memory than that is taken
   * @throws IOException if it cannot be read, or is not such a file
   */
  public static Tensors read(InputStream in, long length) throws IOException {
    require(length >= START + END, "it is too short");
    require(
        Arrays.equals(exactly(in, START), Arrays.copyOf(MAGIC, START)), "it is not an Arrow file");
    byte[] head = head(in, length - START - END);
    ByteBuffer bytes = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
    int batchStart = 8 + bytes.getInt(4);
    long message = messageLength(bytes, batchStart);
    require(message <= length - START - END, "it claims more bytes than it has");
    ReceiveBuffer buffer = ReceiveBuffer.allocateOnce(message);
    try {
      buffer.put(0, ByteBuffer.wrap(head));
      byte[] piece = new byte[(int) Math.min(PIECE, Math.max(1, message - head.length))];
      for (long at = head.length; at < message; ) {
        int read = in.read(piece, 0, (int) Math.min(piece.length, message - at));
        if (read < 0) {
          throw new EOFException("it ends after " + (START + at) + " of " + length + " bytes");
        }
        buffer.put(at, ByteBuffer.wrap(piece, 0, read));
        at += read;
      }
      // The footer says again what the head says, for readers that go by it.
      in.skipNBytes(length - START - message - MAGIC.length);
      require(Arrays.equals(exactly(in, MAGIC.length), MAGIC), "it does not end as an Arrow file");
    } catch (IOException | RuntimeException e) {
      buffer.close();
      throw e;
    }
    return decode(buffer);
  }

  private static byte[] head(InputStream in, long most) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    for (int metadata = 0; metadata < 2; metadata++) {
      byte[] prefix = exactly(in, 8);
      ByteBuffer values = ByteBuffer.wrap(prefix).order(ByteOrder.LITTLE_ENDIAN);
      int length = values.getInt(4);
      require(
          values.getInt(0) == -1
              && length > 0
              && length <= MessageLayout.MAX_HEAD / 2
              && length <= most - head.size() - 8,
          "it is not an Arrow file of tensors");
      head.writeBytes(prefix);
      head.writeBytes(exactly(in, length));
    }
    return head.toByteArray();
  }

  private static long messageLength(ByteBuffer head, int batchStart) throws IOException {
    try {
      long body =
          Message.getRootAsMessage(
                  head.slice(batchStart + 8, head.capacity() - batchStart - 8)
                      .order(ByteOrder.LITTLE_ENDIAN))
              .bodyLength();
      require(body >= 0, "it claims " + body + " bytes");
      return Math.addExact(head.capacity() + (long) MessageLayouts.END_BYTES, body);
    } catch (RuntimeException e) {
      // FlatBuffers' accessors check nothing but the array's bounds.
      throw new IOException("its metadata cannot be read: " + e, e);
    }
  }

  private static Tensors decode(ReceiveBuffer buffer) throws IOException {
    BufferAllocator allocator = new RootAllocator();
    TensorCodec codec = codec(allocator);
    try {
      Tensors tensors = codec.decode(buffer).tensors();
      return Tensors.viewsOf(
          tensors.asMap(),
          () -> {
            tensors.close();
            codec.close();
            allocator.close();
          });
    } catch (StagecoachException e) {
      codec.close();
      allocator.close();
      if (e.kind() != ErrorKind.PEER) {
        throw e;
      }
      throw new IOException(e.what(), e);
    }
  }

  private static byte[] exactly(InputStream in, int bytes) throws IOException {
    byte[] read = in.readNBytes(bytes);
    if (read.length < bytes) {
      throw new EOFException("it ends too early");
    }
    return read;
  }

  private static void require(boolean holds, String otherwise) throws IOException {
    if (!holds) {
      throw new IOException(otherwise);
    }
  }
}
