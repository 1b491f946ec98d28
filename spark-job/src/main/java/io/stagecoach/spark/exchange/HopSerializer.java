package io.stagecoach.spark.exchange;

import io.stagecoach.stage.Hop;
import io.stagecoach.tensor.ReceiveBuffer;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import org.apache.spark.serializer.DeserializationStream;
import org.apache.spark.serializer.SerializationStream;
import org.apache.spark.serializer.Serializer;
import org.apache.spark.serializer.SerializerInstance;
import scala.reflect.ClassTag;

/**
 * How hops are written into Spark's shuffle: the number of the executor that they are for, the
 * hop's name, and their tensors as an Arrow stream, straight from the arrays' memory and straight
 * into it. Only pairs of such a number and a {@link ShuffledHop} can be written.
 */
public final class HopSerializer extends Serializer implements Serializable {

  private static final long serialVersionUID = 1L;
  private static final int CHUNK = 1 << 16;

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
      out.writeLong(hop.step());
      out.writeInt(hop.attempt());
      out.writeBoolean(hop.kind() == Hop.Kind.GRADIENTS);
      out.writeInt(hop.microBatch());
      out.writeInt(hop.from());
      out.writeInt(hop.to());
      out.writeLong(outgoing.tensors() == null ? 0 : outgoing.tensors().length());
      if (outgoing.tensors() != null) {
        for (ByteBuffer part : outgoing.tensors().parts()) {
          while (part.hasRemaining()) {
            channel.write(part);
          }
        }
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
        Object next = keyRead ? read() : (Object) in.readInt();
        keyRead = !keyRead;
        return (T) next;
      } catch (IOException e) {
        throw Sneaky.sneaky(e);
      }
    }

    private ShuffledHop.Incoming read() throws IOException {
      long step = in.readLong();
      int attempt = in.readInt();
      Hop.Kind kind = in.readBoolean() ? Hop.Kind.GRADIENTS : Hop.Kind.ACTIVATIONS;
      Hop hop = new Hop(step, attempt, kind, in.readInt(), in.readInt(), in.readInt());
      long length = in.readLong();
      if (length == 0) {
        return new ShuffledHop.Incoming(hop, null);
      }
      if (length < 0 || length > limit) {
        throw new IOException("a hop of " + length + " bytes; the limit is " + limit);
      }
      ReceiveBuffer buffer = ReceiveBuffer.allocate(length);
      try {
        for (long at = 0; at < length; ) {
          int bytes = (int) Math.min(chunk.length, length - at);
          in.readFully(chunk, 0, bytes);
          buffer.put(at, ByteBuffer.wrap(chunk, 0, bytes));
          at += bytes;
        }
        return new ShuffledHop.Incoming(hop, buffer);
      } catch (IOException | RuntimeException e) {
        buffer.close();
        throw e;
      }
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
