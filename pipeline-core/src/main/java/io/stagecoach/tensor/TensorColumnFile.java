package io.stagecoach.tensor;

import com.google.flatbuffers.FlatBufferBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.apache.arrow.vector.ipc.message.ArrowFooter;
import org.apache.arrow.vector.ipc.message.IpcOption;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.Schema;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * An Arrow IPC file of one column: many tensors of one shape, one per row, in c order, without
 * nulls. The rows' elements lie one after another, so that whoever has the file in memory finds a
 * row by arithmetic. Any Arrow reader opens it.
 */
public final class TensorColumnFile {

  private static final byte[] MAGIC = "ARROW1".getBytes(StandardCharsets.US_ASCII);
  private static final int ALIGNMENT = 64;

  private TensorColumnFile() {}

  /** How many bytes the elements take in the file, padding not counted: bool is a bit each. */
  public static long dataBytes(DataType type, long elements) {
    return elementType(type).arrowBytes(elements);
  }

  /**
   * Writes a file; the stream is left open.
   *
   * @param rowShape the shape of one row's tensor; empty for a number per row
   * @param metadata what else the file says of itself
   * @param data the elements of all rows, little-endian, exactly {@link #dataBytes}
   */
  public static void write(
      OutputStream out,
      String column,
      DataType type,
      List<Long> rowShape,
      int rows,
      Map<String, String> metadata,
      byte[] data)
      throws IOException {
    TensorSpec spec = new TensorSpec(column, elementType(type), rowShape, 'c');
    if (data.length != spec.type().arrowBytes(rows * spec.elements())) {
      throw new IllegalArgumentException(
          column + " has " + data.length + " bytes for " + rows + " rows of " + rowShape);
    }
    Schema schema =
        new Schema(List.of(MessageLayouts.field(spec, Math.toIntExact(spec.elements()))), metadata);
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    head.writeBytes(MAGIC);
    head.writeBytes(new byte[2]);
    MessageLayouts.append(
        head,
        MessageLayouts.bytes(MessageSerializer.serializeMetadata(schema, IpcOption.DEFAULT)),
        8);
    int blockStart = head.size();
    long body = MessageLayouts.roundUp(data.length, ALIGNMENT);
    MessageLayouts.append(
        head, MessageLayouts.batchMetadata(rows, List.of(spec), List.of(0L), body), ALIGNMENT);
    out.write(head.toByteArray());
    out.write(data);
    out.write(new byte[Math.toIntExact(body - data.length)]);
    ArrowBlock block = new ArrowBlock(blockStart, head.size() - blockStart, body);
    out.write(tail(new ArrowFooter(schema, List.of(), List.of(block))));
  }

  private static byte[] tail(ArrowFooter footer) {
    FlatBufferBuilder builder = new FlatBufferBuilder();
    builder.finish(footer.writeTo(builder));
    byte[] bytes = MessageLayouts.bytes(builder.dataBuffer());
    return ByteBuffer.allocate(8 + bytes.length + 4 + MAGIC.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(-1)
        .putInt(0)
        .put(bytes)
        .putInt(bytes.length)
        .put(MAGIC)
        .array();
  }

  /**
   * Where the first row's first element is in a file that {@link #write} made.
   *
   * @throws IOException if it is not such a file, or too short for so many bytes of elements
   */
  public static int dataOffset(byte[] file, long dataBytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    long offset = 8;
    for (int message = 0; message < 2; message++) {
      if (offset > file.length - 8 || buffer.getInt((int) offset) != -1) {
        throw new IOException("not an Arrow file of one column");
      }
      int length = buffer.getInt((int) offset + 4);
      if (length <= 0) {
        throw new IOException("an Arrow file without rows");
      }
      offset += 8L + length;
    }
    if (offset > file.length - dataBytes) {
      throw new IOException("an Arrow file with fewer rows than it should have");
    }
    return (int) offset;
  }

  private static ElementType elementType(DataType type) {
    return ElementType.of(type)
        .orElseThrow(() -> new IllegalArgumentException("no column of " + type));
  }
}
