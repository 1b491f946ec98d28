package io.stagecoach.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Messages whose floats cross the wire as halves. */
class NarrowedMessagesTest {

  private BufferAllocator root;
  private TensorCodec codec;

  @BeforeEach
  @BeforeProperty
  void open() {
    root = new RootAllocator();
    codec = new TensorCodec(root, "stage 1", 1 << 24, WireType.FLOAT16);
  }

  @AfterEach
  @AfterProperty
  void everythingIsGivenBack() {
    codec.close();
    assertThat(root.getAllocatedMemory()).isZero();
    root.close();
  }

  private Tensors sent(Tensors tensors) {
    return codec.decode(Messages.transfer(codec.encode(new TensorMessage(5, tensors)))).tensors();
  }

  /** Shapes, orders and exponents alternate in one codec: what is remembered must not mix them. */
  @Property(tries = 200)
  void whatIsDecodedIsTheNearestHalfTimesThePower(
      @ForAll("shapes") List<Integer> shape,
      @ForAll("orders") char order,
      @ForAll("powers") int power,
      @ForAll boolean view) {
    long[] dimensions = shape.stream().mapToLong(Integer::longValue).toArray();
    INDArray whole = Nd4j.rand(DataType.FLOAT, new long[] {dimensions[0] + 1, dimensions[1]});
    whole = whole.subi(0.3).muli(Math.scalb(1f, power)).dup(order);
    INDArray array =
        view ? whole.get(NDArrayIndex.interval(1, 1 + dimensions[0]), NDArrayIndex.all()) : whole;
    INDArray copy = array.dup(order);
    float largest = 0;
    for (float value : copy.dup('c').data().asFloat()) {
      largest = Math.max(largest, Math.abs(value));
    }
    int exponent = ExactHalves.leastExponent(largest);
    try (Tensors received = sent(Tensors.of("x", array))) {
      INDArray got = received.get("x");
      assertThat(got.dataType()).isEqualTo(DataType.FLOAT);
      assertThat(got.shape()).isEqualTo(copy.shape());
      assertThat(got.ordering()).isEqualTo(array.ordering());
      for (long i = 0; i < copy.size(0); i++) {
        for (long j = 0; j < copy.size(1); j++) {
          float expected = ExactHalves.narrowed(copy.getFloat(i, j), exponent);
          assertThat(got.getFloat(i, j)).isEqualTo(expected);
        }
      }
    }
  }

  @Provide
  Arbitrary<List<Integer>> shapes() {
    return Arbitraries.integers().between(1, 9).list().ofSize(2);
  }

  @Provide
  Arbitrary<Character> orders() {
    return Arbitraries.of('c', 'f');
  }

  @Provide
  Arbitrary<Integer> powers() {
    return Arbitraries.integers().between(-140, 120);
  }

  @Test
  void masksAndOtherTypesStayAsTheyAre() {
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    arrays.put("activations_mask", Nd4j.createFromArray(1f, 0f, 1f / 3));
    arrays.put("labels", Nd4j.createFromArray(70_001, -5));
    arrays.put("activations", Nd4j.createFromArray(1f / 3, 1000.01f));
    arrays.put("double", Nd4j.createFromArray(1.0 / 3));
    arrays.put("half", Nd4j.createFromArray(1f / 3).castTo(DataType.FLOAT16));
    arrays.put("flags", Nd4j.createFromArray(true, false));
    Map<String, INDArray> copies = new LinkedHashMap<>();
    arrays.forEach((name, array) -> copies.put(name, array.dup()));
    EncodedTensors encoded = codec.encode(new TensorMessage(1, Tensors.of(arrays)));
    assertThat(encoded.narrowing()).isEqualTo(new Narrowing(2, 0, 0, 0));
    try (Tensors received = codec.decode(Messages.transfer(encoded)).tensors()) {
      INDArray narrowed = copies.remove("activations");
      copies.forEach((name, array) -> assertThat(received.get(name)).isEqualTo(array));
      assertThat(received.get("activations").toFloatVector())
          .containsExactly(
              ExactHalves.narrowed(narrowed.getFloat(0), -6),
              ExactHalves.narrowed(narrowed.getFloat(1), -6));
    }
  }

  @Test
  void halfTheBytesAndNothingHeldThatIsNotSent() {
    INDArray array = Nd4j.rand(DataType.FLOAT, 1000, 100);
    EncodedTensors encoded = codec.encode(new TensorMessage(0, Tensors.of("x", array)));
    assertThat(array.wasClosed()).isTrue();
    assertThat(encoded.length()).isBetween(200_000L, 202_000L);
    ReceiveBuffer buffer = Messages.transfer(encoded);
    try (Tensors received = codec.decode(buffer).tensors()) {
      assertThat(codec.heldBytes()).isZero();
      assertThatThrownBy(buffer::address).isInstanceOf(IllegalStateException.class);
      assertThat(received.get("x").sumNumber().doubleValue()).isBetween(49_000.0, 51_000.0);
    }
  }

  @Test
  void emptyTensorsAndNumbers() {
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    arrays.put("none", Nd4j.create(DataType.FLOAT, 0, 3));
    arrays.put("number", Nd4j.scalar(DataType.FLOAT, 0.75));
    try (Tensors received = sent(Tensors.of(arrays))) {
      assertThat(received.get("none").shape()).containsExactly(0, 3);
      assertThat(received.get("number").rank()).isZero();
      assertThat(received.get("number").getFloat(0)).isEqualTo(0.75f);
    }
  }

  @Test
  void whoHasNotAgreedRefuses() {
    try (TensorCodec wide = new TensorCodec(root, "stage 2", 1 << 24)) {
      ReceiveBuffer narrowed =
          Messages.transfer(
              codec.encode(new TensorMessage(0, Tensors.of("x", Nd4j.ones(DataType.FLOAT, 4)))));
      assertRefused(wide, narrowed, "SCALED_FLOAT16");
      ReceiveBuffer asItIs =
          Messages.transfer(
              wide.encode(new TensorMessage(0, Tensors.of("x", Nd4j.ones(DataType.FLOAT, 4)))));
      assertRefused(codec, asItIs, "FLOAT32");
    }
  }

  private static void assertRefused(TensorCodec codec, ReceiveBuffer message, String type) {
    assertThatThrownBy(() -> codec.decode(message))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PEER))
        .hasMessageContaining(type);
    assertThat(codec.heldBytes()).isZero();
  }

  /** What any Arrow reader has to know is in the column: its name says halves, beside the power. */
  @Test
  void arrowReadsHalvesAndTheirExponent() throws Exception {
    FixedShapeTensorType.unregister();
    byte[] bytes;
    INDArray array = Nd4j.createFromArray(3e-5f, -1e-3f).reshape(1, 2).dup('f');
    try (EncodedTensors encoded = codec.encode(new TensorMessage(12, Tensors.of("x", array)))) {
      bytes = Messages.bytes(encoded);
    }
    try (ArrowStreamReader reader = new ArrowStreamReader(new ByteArrayInputStream(bytes), root)) {
      VectorSchemaRoot batch = reader.getVectorSchemaRoot();
      assertThat(reader.loadNextBatch()).isTrue();
      FieldVector column = batch.getVector("x");
      assertThat(column.getField().getMetadata())
          .containsEntry("ARROW:extension:name", "stagecoach.scaled_float16_tensor")
          .containsEntry("ARROW:extension:metadata", "{\"shape\":[2,1],\"permutation\":[1,0]}")
          .containsEntry("stagecoach.exponent", "-025");
      List<?> halves = (List<?>) column.getObject(0);
      assertThat(ExactHalves.value((Character) halves.get(0)))
          .isEqualByComparingTo(
              ExactHalves.timesPower(
                  new java.math.BigDecimal(ExactHalves.narrowed(3e-5f, -25)), 25));
      assertThat(ExactHalves.value((Character) halves.get(1)).signum()).isNegative();
    }
  }

  @Property(tries = 1000)
  void anyFlippedBitIsHarmless(@ForAll("flips") List<Integer> flips) {
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    arrays.put("activations", Nd4j.arange(12).castTo(DataType.FLOAT).reshape('f', 3, 4));
    arrays.put("activations_mask", Nd4j.createFromArray(1f, 0f));
    byte[] bytes;
    try (EncodedTensors encoded = codec.encode(new TensorMessage(3, Tensors.of(arrays)))) {
      bytes = Messages.bytes(encoded);
    }
    for (int flip : flips) {
      bytes[flip / 8 % bytes.length] ^= (byte) (1 << flip % 8);
    }
    try (TensorCodec fresh = new TensorCodec(root, "fresh", 1 << 24, WireType.FLOAT16)) {
      // Both a codec that knows these shapes and one that does not.
      for (TensorCodec each : List.of(fresh, codec)) {
        ReceiveBuffer buffer = Messages.received(bytes);
        try (Tensors tensors = each.decode(buffer).tensors()) {
          tensors.asMap().values().forEach(INDArray::toStringFull);
        } catch (StagecoachException e) {
          assertThat(e.kind()).isEqualTo(ErrorKind.PEER);
          assertThatThrownBy(buffer::address).isInstanceOf(IllegalStateException.class);
        }
        assertThat(each.heldBytes()).isZero();
      }
    }
  }

  @Provide
  Arbitrary<List<Integer>> flips() {
    return Arbitraries.integers().between(0, 8 * 1600).list().ofMinSize(1).ofMaxSize(4);
  }

  @Test
  void anExponentThatCannotBeIsRefused() {
    byte[] bytes;
    try (EncodedTensors encoded =
        codec.encode(new TensorMessage(3, Tensors.of("x", Nd4j.ones(DataType.FLOAT, 2))))) {
      bytes = Messages.bytes(encoded);
    }
    String head = new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
    int at = head.indexOf("-015");
    assertThat(at).isPositive();
    for (String text : List.of("+113", "-165", "+9e9", "    ")) {
      byte[] wrong = bytes.clone();
      ByteBuffer.wrap(wrong).put(at, text.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      assertThatThrownBy(() -> codec.decode(Messages.received(wrong)))
          .isInstanceOfSatisfying(
              StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PEER));
    }
  }
}
