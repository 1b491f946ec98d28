package io.stagecoach.spark.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.stage.Hop;
import io.stagecoach.stage.Traffic;
import io.stagecoach.tensor.TensorCodec;
import io.stagecoach.tensor.TensorMessage;
import io.stagecoach.tensor.Tensors;
import io.stagecoach.tensor.WireType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.spark.serializer.DeserializationStream;
import org.apache.spark.serializer.SerializationStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import scala.Tuple2;
import scala.collection.Iterator;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** Hops through Spark's serialization streams, from one end to the other. */
class ShuffleSerializerTest {

  private static final ClassTag<Object> ANY = ClassTag$.MODULE$.apply(Object.class);

  private final BufferAllocator memory = new RootAllocator();

  @AfterEach
  void nothingIsLeftOpen() {
    memory.close();
  }

  private static Hop hop(Hop.Kind kind, int microBatch, int from, int to) {
    return new Hop(5, 2, kind, microBatch, from, to);
  }

  private static byte[] written(ShuffleSerializer serializer, List<? extends ShuffleOutput> all) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    SerializationStream out = serializer.newInstance().serializeStream(bytes);
    for (ShuffleOutput one : all) {
      out.writeKey(one.stage(), ANY);
      out.writeValue(one, ANY);
    }
    out.close();
    return bytes.toByteArray();
  }

  private static Iterator<Tuple2<Object, Object>> read(ShuffleSerializer serializer, byte[] bytes) {
    DeserializationStream in =
        serializer.newInstance().deserializeStream(new ByteArrayInputStream(bytes));
    return in.asKeyValueIterator();
  }

  @Test
  void tensorsArriveAsTheyWereSent() {
    ShuffleSerializer serializer = new ShuffleSerializer(1 << 20);
    INDArray large = Nd4j.rand(DataType.FLOAT, 300, 70).dup('f');
    INDArray copy = large.dup('f');
    Hop activations = hop(Hop.Kind.ACTIVATIONS, 3, 0, 1);
    Hop nothing = hop(Hop.Kind.GRADIENTS, 0, 2, 1);
    try (ShuffleHops sender = new ShuffleHops(memory, 1 << 20, WireType.FLOAT32);
        ShuffleHops receiver = new ShuffleHops(memory, 1 << 20, WireType.FLOAT32)) {
      sender.send(activations, Tensors.of(Map.of("x", large, "n", Nd4j.createFromArray(1L, 2L))));
      sender.send(nothing, Tensors.none());
      List<ShuffledHop.Outgoing> out = sender.takeOutgoing();
      assertThat(sender.takeOutgoing()).isEmpty();

      List<Object> keys = new ArrayList<>();
      Iterator<Tuple2<Object, Object>> records = read(serializer, written(serializer, out));
      while (records.hasNext()) {
        Tuple2<Object, Object> next = records.next();
        keys.add(next._1());
        receiver.arrived((ShuffledHop.Incoming) next._2());
      }
      assertThat(keys).containsExactly(1, 1);
      try (Tensors received = receiver.receive(activations)) {
        assertThat(received.get("x")).isEqualTo(copy);
        assertThat(received.get("x").ordering()).isEqualTo('f');
        assertThat(received.get("n").toLongVector()).containsExactly(1, 2);
      }
      assertThat(receiver.receive(nothing).isEmpty()).isTrue();
      Traffic sent = sender.drainTraffic(0);
      Traffic got = receiver.drainTraffic(1);
      assertThat(sent.hopsSent()).isEqualTo(1);
      assertThat(got.hopsReceived()).isEqualTo(2);
      assertThat(got.bytesReceived()).isEqualTo(sent.bytesSent()).isGreaterThan(300 * 70 * 4);
      assertThatThrownBy(() -> receiver.receive(activations))
          .isInstanceOf(StagecoachException.class)
          .hasMessageContaining("did not come");
    }
  }

  @Test
  void lettersArriveAmongHops() {
    ShuffleSerializer serializer = new ShuffleSerializer(1 << 20);
    INDArray weights = Nd4j.rand(DataType.DOUBLE, 40, 3);
    INDArray copy = weights.dup();
    Hop nothing = hop(Hop.Kind.GRADIENTS, 0, 2, 1);
    try (ShuffleHops hops = new ShuffleHops(memory, 1 << 20, WireType.FLOAT16);
        TensorCodec codec = new TensorCodec(memory, "letters", 1 << 20)) {
      hops.send(nothing, Tensors.none());
      List<ShuffleOutput> out = new ArrayList<>();
      out.add(
          new ShuffledLetter.Outgoing(
              3, "gr\u00fc\u00dfe", codec.encode(new TensorMessage(0, Tensors.of("w", weights)))));
      out.addAll(hops.takeOutgoing());
      out.add(new ShuffledLetter.Outgoing(1, "", null));

      Iterator<Tuple2<Object, Object>> records = read(serializer, written(serializer, out));
      Tuple2<Object, Object> first = records.next();
      assertThat(first._1()).isEqualTo(3);
      ShuffledLetter.Incoming letter = (ShuffledLetter.Incoming) first._2();
      assertThat(letter.text()).isEqualTo("gr\u00fc\u00dfe");
      try (Tensors came = codec.decode(letter.payload()).tensors()) {
        assertThat(came.get("w")).isEqualTo(copy);
      }
      assertThat(records.next()._2()).isEqualTo(new ShuffledHop.Incoming(nothing, null));
      assertThat(records.next()._2()).isEqualTo(new ShuffledLetter.Incoming("", null));
      assertThat(records.hasNext()).isFalse();
    }
  }

  @Test
  void whatNobodyTakesIsClosed() {
    ShuffleSerializer serializer = new ShuffleSerializer(1 << 20);
    try (ShuffleHops sender = new ShuffleHops(memory, 1 << 20, WireType.FLOAT32);
        ShuffleHops receiver = new ShuffleHops(memory, 1 << 20, WireType.FLOAT32)) {
      Hop first = hop(Hop.Kind.ACTIVATIONS, 0, 0, 1);
      sender.send(first, Tensors.of("x", Nd4j.rand(8, 8)));
      byte[] bytes = written(serializer, sender.takeOutgoing());
      receiver.arrived((ShuffledHop.Incoming) read(serializer, bytes).next()._2());
      receiver.arrived((ShuffledHop.Incoming) read(serializer, bytes).next()._2());
      sender.send(hop(Hop.Kind.ACTIVATIONS, 1, 0, 1), Tensors.of("x", Nd4j.rand(8, 8)));
    }
  }

  @Test
  void aPayloadAboveTheLimitIsNotRead() {
    ShuffleSerializer serializer = new ShuffleSerializer(100);
    try (ShuffleHops sender = new ShuffleHops(memory, 1 << 20, WireType.FLOAT32)) {
      sender.send(hop(Hop.Kind.ACTIVATIONS, 0, 0, 1), Tensors.of("x", Nd4j.rand(8, 8)));
      byte[] bytes = written(serializer, sender.takeOutgoing());
      assertThatThrownBy(() -> read(serializer, bytes).next())
          .hasMessageContaining("the limit is 100");
    }
  }

  @Test
  void noChangedBitAndNoCutIsTakenForAHop() {
    try (ShuffleHops sender = new ShuffleHops(memory, 1 << 20, WireType.FLOAT32)) {
      sender.send(hop(Hop.Kind.ACTIVATIONS, 3, 0, 1), Tensors.of("x", Nd4j.rand(4, 4)));
      assertSound(sender.takeOutgoing());
    }
  }

  @Test
  void noChangedBitAndNoCutIsTakenForALetter() {
    try (TensorCodec codec = new TensorCodec(memory, "letters", 1 << 20)) {
      assertSound(
          List.of(
              new ShuffledLetter.Outgoing(
                  1,
                  "gradients",
                  codec.encode(new TensorMessage(0, Tensors.of("x", Nd4j.rand(4, 4)))))));
    }
  }

  private static void assertSound(List<? extends ShuffleOutput> all) {
    ShuffleSerializer serializer = new ShuffleSerializer(1 << 20);
    byte[] good = written(serializer, all);
    // The first four bytes are the key, which Spark itself gives its meaning.
    for (int at = Integer.BYTES; at < good.length; at++) {
      byte[] changed = good.clone();
      changed[at] = (byte) (changed[at] ^ 0x10);
      assertThatThrownBy(() -> read(serializer, changed).next())
          .isInstanceOfSatisfying(
              StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PEER))
          .hasMessageContaining("checksum");
    }
    for (int length = 1; length < good.length; length++) {
      byte[] cut = Arrays.copyOf(good, length);
      assertThatThrownBy(() -> read(serializer, cut).hasNext())
          .isInstanceOfSatisfying(
              StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PEER))
          .hasMessageContaining("cut off");
    }
    assertThat(read(serializer, new byte[0]).hasNext()).isFalse();
  }

  /** What a head says of a letter's text is not believed before the text is there. */
  @Test
  void aTextIsNoLongerThanItMayBeAndThanWhatCame() {
    ShuffleSerializer serializer = new ShuffleSerializer(1 << 20);
    assertThatThrownBy(() -> read(serializer, letterOf((1 << 16) + 1)).next())
        .hasMessageContaining("a text of 65537 bytes");
    assertThatThrownBy(() -> read(serializer, letterOf(-1)).next())
        .hasMessageContaining("a text of -1 bytes");
    assertThatThrownBy(() -> read(serializer, letterOf(1 << 16)).hasNext())
        .hasMessageContaining("cut off");
  }

  /** A key, and the head of a letter without its text. */
  private static byte[] letterOf(int textLength) {
    ByteBuffer record = ByteBuffer.allocate(Integer.BYTES + 33 + Integer.BYTES);
    record.putInt(1).put((byte) 2).putLong(0).putInt(textLength);
    CRC32C sum = new CRC32C();
    sum.update(record.array(), Integer.BYTES, 33);
    return record.putInt(Integer.BYTES + 33, (int) sum.getValue()).array();
  }

  @Test
  void aPayloadThatChangedSaysWhichHop() {
    ShuffleSerializer serializer = new ShuffleSerializer(1 << 20);
    try (ShuffleHops sender = new ShuffleHops(memory, 1 << 20, WireType.FLOAT32)) {
      sender.send(hop(Hop.Kind.GRADIENTS, 3, 2, 1), Tensors.of("x", Nd4j.rand(4, 4)));
      byte[] bytes = written(serializer, sender.takeOutgoing());
      bytes[bytes.length - 10] = (byte) (bytes[bytes.length - 10] ^ 1);
      assertThatThrownBy(() -> read(serializer, bytes).next())
          .hasMessageContaining("gradients of micro-batch 3 from stage 2 to stage 1 in step 5");
    }
  }
}
