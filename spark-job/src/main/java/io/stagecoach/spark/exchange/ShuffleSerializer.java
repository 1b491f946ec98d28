package io.stagecoach.spark.exchange;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.stage.Hop;
import io.stagecoach.tensor.EncodedTensors;
import io.stagecoach.tensor.ReceiveBuffer;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.apache.spark.serializer.DeserializationStream;
import org.apache.spark.serializer.SerializationStream;
import org.apache.spark.serializer.Serializer;
import org.apache.spark.serializer.SerializerInstance;
import scala.reflect.ClassTag;

/**
 * How hops and letters are written into Spark's shuffle: the number of the executor that they are
 * for, a head of fixed length with its CRC32C, which is the hop's name, a letter's text with its
 * CRC32C, and their tensors as an Arrow stream, straight from the arrays' memory and straight into
 * it, with its CRC32C. Only pairs of such a number and a {@link ShuffleOutput} can be written. What
 * is read that was not so written is a {@code PEER} error, and never the end of the stream, which
 * Spark would take it for.
 */
public final class ShuffleSerializer extends Serializer implements Serializable {

  private static final long serialVersionUID = 1L;
  private static final int CHUNK = 1 << 16;
  private static final int HEAD_BYTES = 33;

  /** What a head begins with. */
  private static final byte ACTIVATIONS = 0;

  private static final byte GRADIENTS = 1;
  private static final byte LETTER = 2;

  /** A letter names what is beside it: a few numbers and names of parameters. */
  private static final int LONGEST_TEXT = 1 << 16;

  private final long limit;

  /**
   * @param limit the longest payload that is read, in bytes
   */
  public ShuffleSerializer(long limit) {
    this.limit = limit;
  }

  @Override
  public SerializerInstance newInstance() {
    return new Instance(limit);
  }

  /** Records stand for themselves in the stream. */
  @Override
  public boolean supportsRelocationOfSerializedObjects() {
    return true;
  }

  private static int sum(byte[] bytes) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytes);
    return (int) checksum.getValue();
  }

  private static final class Instance extends SerializerInstance {

    private final long limit;

    Instance(long limit) {
      this.limit = limit;
    }

    @Override
    public <T> ByteBuffer serialize(T object, ClassTag<T> tag) {
      throw new UnsupportedOperationException("hops and letters are written to streams only");
    }

    @Override
    public <T> T deserialize(ByteBuffer bytes, ClassTag<T> tag) {
      throw new UnsupportedOperationException("hops and letters are read from streams only");
    }

    @Override
    public <T> T deserialize(ByteBuffer bytes, ClassLoader loader, ClassTag<T> tag) {
      throw new UnsupportedOperationException("hops and letters are read from streams only");
    }

    @Override
    public SerializationStream serializeStream(OutputStream out) {
      return new Writing(new DataOutputStream(out));
    }

    @Override
    public DeserializationStream deserializeStream(InputStream in) {
      return new Reading(new DataInputStream(in), limit);
    }
  }

  private static final class Writing extends SerializationStream {

    private final DataOutputStream out;
    private final WritableByteChannel channel;

    Writing(DataOutputStream out) {
      this.out = out;
      this.channel = Channels.newChannel(out);
    }

    @Override
    public <T> SerializationStream writeObject(T object, ClassTag<T> tag) {
      try {
        if (object instanceof Integer executor) {
          out.writeInt(executor);
        } else if (object instanceof ShuffleOutput outgoing) {
          try (outgoing) {
            write(outgoing);
          }
        } else {
          throw new IllegalArgumentException("neither a hop nor a letter: " + object);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return this;
    }

    private void write(ShuffleOutput outgoing) throws IOException {
      EncodedTensors tensors = outgoing.tensors();
      long length = tensors == null ? 0 : tensors.length();
      if (outgoing instanceof ShuffledHop.Outgoing hop) {
        writeHead(hop.hop(), length);
      } else if (outgoing instanceof ShuffledLetter.Outgoing letter) {
        writeHead(letter.text(), length);
      }
      if (tensors != null) {
        CRC32C checksum = new CRC32C();
        for (ByteBuffer part : tensors.parts()) {
          checksum.update(part.duplicate());
          while (part.hasRemaining()) {
            channel.write(part);
          }
        }
        out.writeInt((int) checksum.getValue());
      }
    }

    private void writeHead(Hop hop, long length) throws IOException {
      ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES);
      head.put(hop.kind() == Hop.Kind.GRADIENTS ? GRADIENTS : ACTIVATIONS).putLong(length);
      head.putLong(hop.step()).putInt(hop.attempt());
      head.putInt(hop.microBatch()).putInt(hop.from()).putInt(hop.to());
      writeSummed(head.array());
    }

    private void writeHead(String text, long length) throws IOException {
      byte[] body = text.getBytes(StandardCharsets.UTF_8);
      if (body.length > LONGEST_TEXT) {
        throw new IllegalArgumentException("a letter of " + body.length + " bytes");
      }
      writeSummed(
          ByteBuffer.allocate(HEAD_BYTES).put(LETTER).putLong(length).putInt(body.length).array());
      writeSummed(body);
    }

    private void writeSummed(byte[] bytes) throws IOException {
      out.write(bytes);
      out.writeInt(sum(bytes));
    }

    @Override
    public void flush() {
      try {
        out.flush();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      try {
        out.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static final class Reading extends DeserializationStream {

    private final DataInputStream in;
    private final long limit;
    private final byte[] chunk = new byte[CHUNK];
    private boolean keyRead;

    Reading(DataInputStream in, long limit) {
      this.in = in;
      this.limit = limit;
    }

    /** A key, a record, and so on. Spark takes an EOFException for the end. */
    @Override
    @SuppressWarnings("unchecked") // Spark's interface: the caller says what it expects
    public <T> T readObject(ClassTag<T> tag) {
      try {
        Object next = keyRead ? record() : (Object) key();
        keyRead = !keyRead;
        return (T) next;
      } catch (IOException e) {
        throw Sneaky.sneaky(e);
      }
    }

    private int key() throws IOException {
      int first = in.read();
      if (first < 0) {
        throw new EOFException();
      }
      try {
        in.readFully(chunk, 0, Integer.BYTES - 1);
      } catch (EOFException e) {
        throw refused("A record of the shuffle is cut off", Where.nowhere(), e);
      }
      return first << 24 | (ByteBuffer.wrap(chunk).getInt(0) >>> 8);
    }

    private ShuffleInput record() throws IOException {
      try {
        ByteBuffer head =
            ByteBuffer.wrap(readSummed(HEAD_BYTES, "what came by shuffle", Where.nowhere()));
        byte kind = head.get();
        long length = head.getLong();
        return kind == LETTER ? letter(head.getInt(), length) : hop(kind, length, head);
      } catch (EOFException e) {
        throw refused("What came by shuffle is cut off", Where.nowhere(), e);
      }
    }

    private byte[] readSummed(int length, String words, Where where) throws IOException {
      // Not allocated before it is there: a length may be wrong.
      byte[] bytes = in.readNBytes(length);
      if (bytes.length < length) {
        throw new EOFException();
      }
      if (in.readInt() != sum(bytes)) {
        throw changed(words, where);
      }
      return bytes;
    }

    private ShuffledHop.Incoming hop(byte kind, long length, ByteBuffer name) throws IOException {
      Hop hop =
          new Hop(
              name.getLong(),
              name.getInt(),
              kind == GRADIENTS ? Hop.Kind.GRADIENTS : Hop.Kind.ACTIVATIONS,
              name.getInt(),
              name.getInt(),
              name.getInt());
      return new ShuffledHop.Incoming(hop, payload(length, words(hop), place(hop)));
    }

    private ShuffledLetter.Incoming letter(int textLength, long length) throws IOException {
      if (textLength < 0 || textLength > LONGEST_TEXT) {
        throw refused("A letter has a text of " + textLength + " bytes", Where.nowhere(), null);
      }
      byte[] text = readSummed(textLength, "the text of a letter", Where.nowhere());
      String words = new String(text, StandardCharsets.UTF_8);
      return new ShuffledLetter.Incoming(
          words, payload(length, "the tensors of " + words, Where.nowhere()));
    }

    /** Null for none. */
    private ReceiveBuffer payload(long length, String words, Where where) throws IOException {
      if (length == 0) {
        return null;
      }
      if (length < 0 || length > limit) {
        throw refused(
            "A payload of " + length + " bytes for " + words + "; the limit is " + limit,
            where,
            null);
      }
      ReceiveBuffer buffer = ReceiveBuffer.allocate(length);
      try {
        CRC32C checksum = new CRC32C();
        for (long at = 0; at < length; ) {
          int bytes = (int) Math.min(chunk.length, length - at);
          in.readFully(chunk, 0, bytes);
          checksum.update(chunk, 0, bytes);
          buffer.put(at, ByteBuffer.wrap(chunk, 0, bytes));
          at += bytes;
        }
        if (in.readInt() != (int) checksum.getValue()) {
          throw changed(words, where);
        }
        return buffer;
      } catch (IOException | RuntimeException e) {
        buffer.close();
        throw e;
      }
    }

    private static StagecoachException changed(String words, Where where) {
      return refused(
          "The checksum of " + words + " is wrong: it is not what was sent", where, null);
    }

    private static String words(Hop hop) {
      return new Frame.Hop(hop).words();
    }

    private static Where place(Hop hop) {
      return Where.stage(hop.to()).atStep(hop.step()).atMicroBatch(hop.microBatch());
    }

    private static StagecoachException refused(String what, Where where, Throwable cause) {
      return new StagecoachException(
          ErrorKind.PEER,
          what,
          where,
          "The network, a disk or a machine's memory changes bytes, or executors run different"
              + " versions of Stagecoach",
          cause);
    }

    @Override
    public void close() {
      try {
        in.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Scala declares no exceptions, and its caller looks for the EOFException itself. */
  private static final class Sneaky<E extends Throwable> {

    static RuntimeException sneaky(Throwable failure) {
      return new Sneaky<RuntimeException>().raise(failure);
    }

    @SuppressWarnings("unchecked") // the cast is erased: that is the point
    private RuntimeException raise(Throwable failure) throws E {
      throw (E) failure;
    }
  }
}
