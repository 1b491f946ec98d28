package io.stagecoach.spark.exchange;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.stage.Hop;
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
import java.util.zip.CRC32C;
import org.apache.spark.serializer.DeserializationStream;
import org.apache.spark.serializer.SerializationStream;
import org.apache.spark.serializer.Serializer;
import org.apache.spark.serializer.SerializerInstance;
import scala.reflect.ClassTag;

/**
 * How hops are written into Spark's shuffle: the number of the executor that they are for, the
 * hop's name with its CRC32C, and their tensors as an Arrow stream, straight from the arrays'
 * memory and straight into it, with its CRC32C. Only pairs of such a number and a {@link
 * ShuffledHop} can be written. What is read that was not so written is a {@code PEER} error, and
 * never the end of the stream, which Spark would take it for.
 */
public final class HopSerializer extends Serializer implements Serializable {

  private static final long serialVersionUID = 1L;
  private static final int CHUNK = 1 << 16;
  private static final int NAME_BYTES = 33;

  private final long limit;

  /**
   * @param limit the longest payload that is read, in bytes
   */
  public HopSerializer(long limit) {
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
      throw new UnsupportedOperationException("hops are written to streams only");
    }

    @Override
    public <T> T deserialize(ByteBuffer bytes, ClassTag<T> tag) {
      throw new UnsupportedOperationException("hops are read from streams only");
    }

    @Override
    public <T> T deserialize(ByteBuffer bytes, ClassLoader loader, ClassTag<T> tag) {
      throw new UnsupportedOperationException("hops are read from streams only");
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
        } else if (object instanceof ShuffledHop.Outgoing outgoing) {
          try (outgoing) {
            write(outgoing);
          }
        } else {
          throw new IllegalArgumentException("not a hop: " + object);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return this;
    }

    private void write(ShuffledHop.Outgoing outgoing) throws IOException {
      Hop hop = outgoing.hop();
      ByteBuffer name = ByteBuffer.allocate(NAME_BYTES);
      name.putLong(hop.step()).putInt(hop.attempt());
      name.put((byte) (hop.kind() == Hop.Kind.GRADIENTS ? 1 : 0));
      name.putInt(hop.microBatch()).putInt(hop.from()).putInt(hop.to());
      name.putLong(outgoing.tensors() == null ? 0 : outgoing.tensors().length());
      out.write(name.array());
      out.writeInt(sum(name.array()));
      if (outgoing.tensors() != null) {
        CRC32C checksum = new CRC32C();
        for (ByteBuffer part : outgoing.tensors().parts()) {
          checksum.update(part.duplicate());
          while (part.hasRemaining()) {
            channel.write(part);
          }
        }
        out.writeInt((int) checksum.getValue());
      }
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

    /** A key, a hop, and so on. Spark takes an EOFException for the end. */
    @Override
    @SuppressWarnings("unchecked") // Spark's interface: the caller says what it expects
    public <T> T readObject(ClassTag<T> tag) {
      try {
        Object next = keyRead ? hop() : (Object) key();
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

    private ShuffledHop.Incoming hop() throws IOException {
      try {
        byte[] name = new byte[NAME_BYTES];
        in.readFully(name);
        if (in.readInt() != sum(name)) {
          throw refused(
              "The name of a hop by shuffle is not what was sent: its checksum is wrong",
              Where.nowhere(),
              null);
        }
        return hop(ByteBuffer.wrap(name));
      } catch (EOFException e) {
        throw refused("A hop by shuffle is cut off", Where.nowhere(), e);
      }
    }

    private ShuffledHop.Incoming hop(ByteBuffer name) throws IOException {
      long step = name.getLong();
      int attempt = name.getInt();
      Hop.Kind kind = name.get() == 1 ? Hop.Kind.GRADIENTS : Hop.Kind.ACTIVATIONS;
      Hop hop = new Hop(step, attempt, kind, name.getInt(), name.getInt(), name.getInt());
      long length = name.getLong();
      if (length == 0) {
        return new ShuffledHop.Incoming(hop, null);
      }
      if (length < 0 || length > limit) {
        throw refused(
            words(hop) + " have " + length + " bytes; the limit is " + limit, place(hop), null);
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
          throw refused(
              words(hop) + " are not what was sent: their checksum is wrong", place(hop), null);
        }
        return new ShuffledHop.Incoming(hop, buffer);
      } catch (IOException | RuntimeException e) {
        buffer.close();
        throw e;
      }
    }

    private static String words(Hop hop) {
      return new Frame.Hop(hop).words().replaceFirst("^the", "The");
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
