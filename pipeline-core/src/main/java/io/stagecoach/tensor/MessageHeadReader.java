package io.stagecoach.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.Endianness;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.FixedSizeList;
import org.apache.arrow.flatbuf.FloatingPoint;
import org.apache.arrow.flatbuf.Int;
import org.apache.arrow.flatbuf.KeyValue;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.MetadataVersion;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.flatbuf.Schema;
import org.apache.arrow.flatbuf.Type;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;

/**
 * Reads and checks the head of a message that a peer sent. It reads the FlatBuffers itself, not
 * through Arrow's classes, because those follow whatever the bytes say: nested or cyclic columns,
 * or long texts referred to many times. Here depth is fixed, names are short and distinct, and
 * every offset is checked against the message's length; what a hostile head can cost is bounded by
 * its own size.
 */
final class MessageHeadReader {

  private static final int MAX_METADATA = 4096;

  private final ByteBuffer head;
  private final int schemaLength;
  private final long messageLength;

  /** Not a message: what is wrong with it. */
  static final class MalformedException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedException(String message) {
      super(message);
    }

    MalformedException(Throwable cause) {
      super(
          // FlatBuffers gives null for what is not there.
          cause instanceof NullPointerException
              ? "its metadata lacks a part"
              : "its metadata cannot be read: " + cause,
          cause);
    }
  }

  private MessageHeadReader(ByteBuffer head, int schemaLength, long messageLength) {
    this.head = head;
    this.schemaLength = schemaLength;
    this.messageLength = messageLength;
  }

  /** How long the head of this message is; at most {@link MessageLayout#MAX_HEAD}. */
  static int headLength(ReceiveBuffer message) throws MalformedException {
    int schema = metadataLength(message, 0);
    int batch = metadataLength(message, 8L + schema);
    return 16 + schema + batch;
  }

  private static int metadataLength(ReceiveBuffer message, long offset) throws MalformedException {
    check(offset <= message.length() - 8, "it ends within its head");
    ByteBuffer prefix = message.view(offset, 8).order(ByteOrder.LITTLE_ENDIAN);
    check(prefix.getInt(0) == -1, "it is not an Arrow IPC stream");
    int length = prefix.getInt(4);
    check(
        length > 0
            && length <= MessageLayout.MAX_HEAD / 2
            && length % 8 == 0
            && length <= message.length() - offset - 8,
        "its metadata claims " + length + " bytes");
    return length;
  }

  /**
   * Reads a head.
   *
   * @param head a copy of the message's first {@link #headLength} bytes
   * @param messageLength the whole message's length
   */
  static MessageLayout read(byte[] head, long messageLength) throws MalformedException {
    ByteBuffer buffer = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
    try {
      return new MessageHeadReader(buffer, buffer.getInt(4), messageLength).layout(head);
    } catch (RuntimeException e) {
      // FlatBuffers' accessors check nothing but the array's bounds.
      throw new MalformedException(e);
    }
  }

  private MessageLayout layout(byte[] bytes) throws MalformedException {
    Message schemaMessage = message(8, schemaLength, MessageHeader.Schema);
    check(schemaMessage.bodyLength() == 0, "its schema claims a body");
    Schema schema = (Schema) schemaMessage.header(new Schema());
    check(schema.endianness() == Endianness.Little, "it is big-endian");
    int batchStart = 16 + schemaLength;
    Message batchMessage =
        message(batchStart, head.capacity() - batchStart, MessageHeader.RecordBatch);
    RecordBatch batch = (RecordBatch) batchMessage.header(new RecordBatch());
    check(batch.length() == 1, "its batch has " + batch.length() + " rows");
    check(batch.compression() == null, "it is compressed");
    long bodyLength = batchMessage.bodyLength();
    check(
        bodyLength >= 0
            && bodyLength % 8 == 0
            && bodyLength == messageLength - head.capacity() - MessageLayouts.END_BYTES,
        "its body claims " + bodyLength + " bytes");

    int columns = schema.fieldsLength();
    check(
        columns >= 0 && columns <= MessageLayout.MAX_TENSORS, "it claims " + columns + " tensors");
    check(
        batch.nodesLength() == 2 * columns && batch.buffersLength() == 3 * columns,
        "its batch does not fit its schema");
    List<TensorSpec> specs = new ArrayList<>(columns);
    List<MessageLayout.Body> bodies = new ArrayList<>(columns);
    List<Optional<MessageLayout.Text>> exponents = new ArrayList<>(columns);
    Set<String> names = new HashSet<>();
    long end = 0;
    for (int i = 0; i < columns; i++) {
      TensorSpec spec = spec(schema.fields(i));
      check(names.add(spec.name()), "two tensors are named " + spec.name());
      MessageLayout.Body body = body(spec, batch, i, end, bodyLength);
      end = body.offset() + body.length();
      specs.add(spec);
      exponents.add(
          spec.type() == ElementType.SCALED_FLOAT16
              ? Optional.of(exponent(schema.fields(i)))
              : Optional.empty());
      bodies.add(new MessageLayout.Body(head.capacity() + body.offset(), body.length()));
    }
    return new MessageLayout(specs, bodies, bytes, id(schema), exponents, messageLength);
  }

  private Message message(int offset, int length, byte type) throws MalformedException {
    ByteBuffer slice = head.slice(offset, length).order(ByteOrder.LITTLE_ENDIAN);
    Message message = Message.getRootAsMessage(slice);
    check(
        message.version() == MetadataVersion.V5 || message.version() == MetadataVersion.V4,
        "it has Arrow metadata version " + message.version());
    check(message.headerType() == type, "it has a header of type " + message.headerType());
    return message;
  }

  private static TensorSpec spec(Field field) throws MalformedException {
    String name = text(field.nameAsByteBuffer(), MessageLayout.MAX_NAME);
    check(field.dictionary() == null, "tensor " + name + " has a dictionary");
    check(
        field.typeType() == Type.FixedSizeList && field.childrenLength() == 1,
        "column " + name + " is not a tensor");
    int elements = ((FixedSizeList) field.type(new FixedSizeList())).listSize();
    check(field.customMetadataLength() <= 16, "column " + name + " has too much metadata");
    String extension = "";
    String metadata = "";
    for (int i = 0; i < field.customMetadataLength(); i++) {
      KeyValue entry = field.customMetadata(i);
      String key = text(entry.keyAsByteBuffer(), MAX_METADATA);
      if (key.equals(ArrowType.ExtensionType.EXTENSION_METADATA_KEY_NAME)) {
        extension = text(entry.valueAsByteBuffer(), MAX_METADATA);
      } else if (key.equals(ArrowType.ExtensionType.EXTENSION_METADATA_KEY_METADATA)) {
        metadata = text(entry.valueAsByteBuffer(), MAX_METADATA);
      }
    }
    Field child = field.children(0);
    check(
        child.childrenLength() == 0 && child.dictionary() == null,
        "the elements of " + name + " are nested");
    ElementType type = ElementType.of(extension, storage(child)).orElse(null);
    check(type != null, "column " + name + " is of a type that is not known");
    TensorSpec spec = TensorSpec.of(name, type, metadata);
    check(
        elements >= 0 && spec.elements() == elements,
        "tensor " + name + " has " + elements + " elements and shape " + spec.shape());
    return spec;
  }

  /** Where the exponent of a narrowed tensor is; {@link #spec} has checked how much there is. */
  private static MessageLayout.Text exponent(Field field) throws MalformedException {
    for (int i = 0; i < field.customMetadataLength(); i++) {
      KeyValue entry = field.customMetadata(i);
      if (text(entry.keyAsByteBuffer(), MAX_METADATA).equals(FixedShapeTensorType.EXPONENT_KEY)) {
        return number(entry, MessageLayout.EXPONENT_WIDTH);
      }
    }
    throw new MalformedException("a narrowed tensor has no exponent");
  }

  private static MessageLayout.Text number(KeyValue entry, int width) throws MalformedException {
    ByteBuffer value = entry.valueAsByteBuffer();
    check(value != null && value.remaining() == width, "a number's text is not of its width");
    // The schema's slice begins behind its 8-byte prefix.
    return new MessageLayout.Text(value.position() + 8, width);
  }

  private static ArrowType storage(Field child) {
    return switch (child.typeType()) {
      case Type.FloatingPoint ->
          new ArrowType.FloatingPoint(
              FloatingPointPrecision.fromFlatbufID(
                  ((FloatingPoint) child.type(new FloatingPoint())).precision()));
      case Type.Int -> {
        Int integer = (Int) child.type(new Int());
        yield new ArrowType.Int(integer.bitWidth(), integer.isSigned());
      }
      case Type.Bool -> new ArrowType.Bool();
      default -> new ArrowType.Null();
    };
  }

  /** Where a tensor's data is in the body; tensors must follow each other and not overlap. */
  private static MessageLayout.Body body(
      TensorSpec spec, RecordBatch batch, int column, long from, long bodyLength)
      throws MalformedException {
    FieldNode list = batch.nodes(2 * column);
    FieldNode items = batch.nodes(2 * column + 1);
    check(
        list.length() == 1
            && list.nullCount() == 0
            && items.length() == spec.elements()
            && items.nullCount() == 0,
        "tensor " + spec.name() + " has nulls or a length that is not its type's");
    Buffer data = batch.buffers(3 * column + 2);
    long needed = spec.type().arrowBytes(spec.elements());
    check(
        data.offset() >= from
            && data.offset() <= bodyLength
            && data.length() >= needed
            && data.length() <= bodyLength - data.offset(),
        "tensor " + spec.name() + " lies outside of the message or over another tensor");
    return new MessageLayout.Body(data.offset(), needed);
  }

  private static MessageLayout.Text id(Schema schema) throws MalformedException {
    MessageLayout.Text id = null;
    boolean version = false;
    check(schema.customMetadataLength() <= 16, "it has too much metadata");
    for (int i = 0; i < schema.customMetadataLength(); i++) {
      KeyValue entry = schema.customMetadata(i);
      String key = text(entry.keyAsByteBuffer(), MAX_METADATA);
      if (key.equals(MessageLayout.ID_KEY)) {
        id = number(entry, MessageLayout.ID_WIDTH);
      } else if (key.equals(MessageLayout.VERSION_KEY)) {
        version = text(entry.valueAsByteBuffer(), MAX_METADATA).equals(MessageLayout.VERSION);
      }
    }
    check(id != null, "it has no micro-batch id");
    check(version, "it is of another format version");
    return id;
  }

  private static String text(ByteBuffer bytes, int most) throws MalformedException {
    check(bytes != null && bytes.remaining() <= most, "a name or text is absent or too long");
    return StandardCharsets.UTF_8.decode(bytes).toString();
  }

  private static void check(boolean holds, String otherwise) throws MalformedException {
    if (!holds) {
      throw new MalformedException(otherwise);
    }
  }
}
