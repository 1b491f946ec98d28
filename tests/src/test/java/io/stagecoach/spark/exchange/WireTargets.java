package io.stagecoach.spark.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.stagecoach.fuzz.FuzzTarget;
import io.stagecoach.stage.Hop;
import io.stagecoach.tensor.Tensors;
import io.stagecoach.tensor.WireType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.apache.arrow.memory.RootAllocator;
import org.apache.spark.serializer.DeserializationStream;
import org.apache.spark.serializer.SerializationStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** What comes over the network, or through Spark's shuffle. */
public final class WireTargets {

  private static final UUID RUN = new UUID(1, 2);
  private static final JobSecret SECRET = JobSecret.parse("5a".repeat(JobSecret.LENGTH));

  private WireTargets() {}

  public static List<FuzzTarget> all() {
    return List.of(new Heads(), new Hellos(), new Hops());
  }

  private static int sum(byte[] bytes, int from, int length) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytes, from, length);
    return (int) checksum.getValue();
  }

  /** The heads of frames. */
  private static final class Heads implements FuzzTarget {

    @Override
    public String name() {
      return "frame";
    }

    @Override
    public String toString() {
      return name();
    }

    @Override
    public List<byte[]> seeds() {
      Hop hop = new Hop(5, 1, Hop.Kind.GRADIENTS, 3, 1, 0);
      List<byte[]> seeds = new ArrayList<>();
      for (Frame frame :
          List.of(
              new Frame.Lane(1, 0, 1),
              new Frame.Hop(hop),
              new Frame.Credit(Hop.Kind.ACTIVATIONS, 16),
              new Frame.Message("RunStep", 10),
              new Frame.Goodbye())) {
        boolean carries = frame instanceof Frame.Hop || frame instanceof Frame.Message;
        ByteBuf out = Unpooled.buffer();
        new FrameHead(RUN, 9, carries ? 4096 : 0, frame).write(out);
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        seeds.add(bytes);
      }
      return seeds;
    }

    @Override
    public byte[] summed(byte[] input) {
      if (input.length >= 4) {
        int end = input.length - 4;
        ByteBuffer.wrap(input).putInt(end, sum(input, 0, end));
      }
      return input;
    }

    @Override
    public void read(byte[] input) {
      FrameHead head = FrameHead.read(ByteBuffer.wrap(input));
      ByteBuf out = Unpooled.buffer();
      head.write(out);
      if (!FrameHead.read(out.nioBuffer()).equals(head) || head.frame().words().isEmpty()) {
        throw new AssertionError(head + " does not come back");
      }
    }

    @Override
    public boolean allows(Throwable thrown) {
      return thrown instanceof RefusedException;
    }
  }

  /** The four messages before a connection is admitted. */
  private static final class Hellos implements FuzzTarget {

    private final byte[] nonce = new byte[JobSecret.LENGTH];

    @Override
    public String name() {
      return "hello";
    }

    @Override
    public String toString() {
      return name();
    }

    @Override
    public List<byte[]> seeds() {
      ByteBuffer hello = Hello.hello(RUN, "executor-1", nonce);
      Hello heard = Hello.heard(hello.duplicate(), RUN, "driver", SECRET);
      return List.of(bytes(0, hello), bytes(1, heard.answer("driver")));
    }

    private static byte[] bytes(int which, ByteBuffer message) {
      return ByteBuffer.allocate(1 + message.remaining()).put((byte) which).put(message).array();
    }

    /** The first byte says which of the messages it is. */
    @Override
    public void read(byte[] input) {
      if (input.length == 0) {
        throw new RefusedException(Refusal.NOT_ADMITTED, "nothing");
      }
      ByteBuffer message = ByteBuffer.wrap(input, 1, input.length - 1).slice();
      switch (input[0] & 3) {
        case 0 -> {
          Hello.isHello(message);
          Hello heard = Hello.heard(message, RUN, "driver", SECRET);
          if (heard.answer("driver").remaining() > 1024) {
            throw new AssertionError("a long answer");
          }
        }
        case 1 -> Hello.answered(message, RUN, "executor-1", nonce, SECRET);
        default ->
            Hello.heard(Hello.hello(RUN, "executor-1", nonce), RUN, "driver", SECRET)
                .checkProof(message, RUN);
      }
    }

    @Override
    public boolean allows(Throwable thrown) {
      return thrown instanceof RefusedException;
    }
  }

  /** Records of the shuffle. */
  private static final class Hops implements FuzzTarget {

    private static final ClassTag<Object> ANY = ClassTag$.MODULE$.apply(Object.class);
    private static final int HEAD = 4 + 33;
    private static final byte LETTER = 2;

    private final ShuffleSerializer serializer = new ShuffleSerializer(1 << 20);

    @Override
    public String name() {
      return "shuffled record";
    }

    @Override
    public String toString() {
      return name();
    }

    @Override
    public List<byte[]> seeds() {
      try (RootAllocator memory = new RootAllocator();
          ShuffleHops hops = new ShuffleHops(memory, 1 << 20, WireType.FLOAT32)) {
        hops.send(new Hop(1, 0, Hop.Kind.ACTIVATIONS, 2, 0, 1), Tensors.none());
        List<byte[]> seeds = new ArrayList<>();
        seeds.add(written(hops.takeOutgoing()));
        hops.send(
            new Hop(1, 0, Hop.Kind.GRADIENTS, 2, 1, 0),
            Tensors.of("x", Nd4j.rand(DataType.FLOAT, 4)));
        seeds.add(written(hops.takeOutgoing()));
        seeds.add(written(List.of(new ShuffledLetter.Outgoing(1, "{}", null))));
        return seeds;
      }
    }

    private byte[] written(List<? extends ShuffleOutput> all) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      SerializationStream out = serializer.newInstance().serializeStream(bytes);
      for (ShuffleOutput one : all) {
        out.writeKey(one.stage(), ANY);
        out.writeValue(one, ANY);
      }
      out.close();
      return bytes.toByteArray();
    }

    @Override
    public int cost() {
      return 4;
    }

    /** Of the first record only. */
    @Override
    public byte[] summed(byte[] input) {
      if (input.length >= HEAD + 4) {
        ByteBuffer bytes = ByteBuffer.wrap(input);
        bytes.putInt(HEAD, sum(input, 4, HEAD - 4));
        long length = bytes.getLong(5);
        int at = HEAD + 4;
        if (bytes.get(4) == LETTER) {
          at = summed(input, at, bytes.getInt(13));
        }
        if (length > 0) {
          int unused = summed(input, at, length);
        }
      }
      return input;
    }

    /** Sums a part, and says where the next one begins. */
    private static int summed(byte[] input, int at, long length) {
      if (length < 0 || length > input.length - at - 4) {
        return input.length;
      }
      int end = at + (int) length;
      ByteBuffer.wrap(input).putInt(end, sum(input, at, (int) length));
      return end + 4;
    }

    @Override
    public void read(byte[] input) {
      DeserializationStream in =
          serializer.newInstance().deserializeStream(new ByteArrayInputStream(input));
      try {
        while (true) {
          in.readKey(ANY);
          ((ShuffleInput) in.readValue(ANY)).close();
        }
      } catch (Exception e) {
        if (e instanceof EOFException) {
          return;
        }
        throw e;
      }
    }
  }
}
