package io.stagecoach.tensor;

import com.google.flatbuffers.FlatBufferBuilder;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.vector.ipc.message.IpcOption;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** Makes the layout of a message to be sent. */
final class MessageLayouts {

  /** What ends a stream: a continuation mark and a length of zero. */
  static final int END_BYTES = 8;

  private MessageLayouts() {}

  /** The layout of a message of these tensors. */
  static MessageLayout of(List<TensorSpec> specs) {
    long body = 0;
    List<Long> offsets = new ArrayList<>();
    for (TensorSpec spec : specs) {
      offsets.add(body);
      body =
          Math.addExact(
              body, roundUp(spec.type().arrowBytes(spec.elements()), ReceiveBuffer.ALIGNMENT));
    }
    byte[] batch = batchMetadata(1, specs, offsets, body);
    byte[] head = head(specs, batch);
    try {
      // What a reader finds where is what a writer must know.
      return MessageHeadReader.read(head, head.length + body + END_BYTES);
    } catch (MessageHeadReader.MalformedException e) {
      throw new IllegalStateException("a head that cannot be read", e);
    }
  }

  static long roundUp(long value, int multiple) {
    return Math.addExact(value, multiple - 1L) / multiple * multiple;
  }

  /** The column of a tensor, as Arrow's schemas say it. */
  static Field field(TensorSpec spec, int elements) {
    FixedShapeTensorType type =
        new FixedShapeTensorType(spec.type().extensionName(), elements, spec.metadata());
    Map<String, String> metadata =
        spec.type() == ElementType.SCALED_FLOAT16
            ? Map.of(FixedShapeTensorType.EXPONENT_KEY, room(MessageLayout.EXPONENT_WIDTH))
            : Map.of();
    return new Field(
        spec.name(),
        new FieldType(false, type, null, metadata),
        List.of(new Field("item", FieldType.notNullable(spec.type().storage()), null)));
  }

  /** Both metadata messages, the second one padded so that the body begins aligned. */
  private static byte[] head(List<TensorSpec> specs, byte[] batch) {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(MessageLayout.VERSION_KEY, MessageLayout.VERSION);
    metadata.put(MessageLayout.ID_KEY, room(MessageLayout.ID_WIDTH));
    Schema schema =
        new Schema(
            specs.stream().map(s -> field(s, Math.toIntExact(s.elements()))).toList(), metadata);
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    append(head, bytes(MessageSerializer.serializeMetadata(schema, IpcOption.DEFAULT)), 8);
    append(head, batch, ReceiveBuffer.ALIGNMENT);
    return head.toByteArray();
  }

  /** A number's text, to be written over. */
  private static String room(int width) {
    return "0".repeat(width);
  }

  /** The metadata of a record batch of so many rows; no column has nulls. */
  static byte[] batchMetadata(int rows, List<TensorSpec> specs, List<Long> offsets, long body) {
    FlatBufferBuilder builder = new FlatBufferBuilder();
    // FlatBuffers are built back to front.
    RecordBatch.startNodesVector(builder, 2 * specs.size());
    for (int i = specs.size() - 1; i >= 0; i--) {
      FieldNode.createFieldNode(builder, rows * specs.get(i).elements(), 0);
      FieldNode.createFieldNode(builder, rows, 0);
    }
    int nodes = builder.endVector();
    RecordBatch.startBuffersVector(builder, 3 * specs.size());
    for (int i = specs.size() - 1; i >= 0; i--) {
      TensorSpec spec = specs.get(i);
      long offset = offsets.get(i);
      Buffer.createBuffer(builder, offset, spec.type().arrowBytes(rows * spec.elements()));
      // No nulls, so that neither the list nor its elements have a validity bitmap.
      Buffer.createBuffer(builder, offset, 0);
      Buffer.createBuffer(builder, offset, 0);
    }
    int buffers = builder.endVector();
    RecordBatch.startRecordBatch(builder);
    RecordBatch.addLength(builder, rows);
    RecordBatch.addNodes(builder, nodes);
    RecordBatch.addBuffers(builder, buffers);
    int batch = RecordBatch.endRecordBatch(builder);
    return bytes(
        MessageSerializer.serializeMessage(
            builder, MessageHeader.RecordBatch, batch, body, IpcOption.DEFAULT));
  }

  /** Appends an encapsulated message's metadata, padded so that what follows is aligned. */
  static void append(ByteArrayOutputStream out, byte[] message, int alignment) {
    int end = Math.toIntExact(roundUp(out.size() + 8L + message.length, alignment));
    int padded = end - out.size() - 8;
    ByteBuffer prefix = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    prefix.putInt(MessageSerializer.IPC_CONTINUATION_TOKEN).putInt(padded);
    out.writeBytes(prefix.array());
    out.writeBytes(message);
    out.writeBytes(new byte[padded - message.length]);
  }

  static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
