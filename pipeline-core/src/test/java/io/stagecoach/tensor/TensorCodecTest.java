package io.stagecoach.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class TensorCodecTest {

  private static final List<DataType> TYPES =
      List.of(
          DataType.FLOAT,
          DataType.DOUBLE,
          DataType.FLOAT16,
          DataType.INT8,
          DataType.UINT8,
          DataType.INT16,
          DataType.INT32,
          DataType.INT64,
          DataType.BOOL);

  private BufferAllocator root;
  private TensorCodec codec;

  @BeforeEach
  @BeforeProperty
  void open() {
    root = new RootAllocator();
    codec = new TensorCodec(root, "stage 1", 1 << 24);
  }

  @AfterEach
  @AfterProperty
  void everythingIsGivenBack() {
    codec.close();
    assertThat(root.getAllocatedMemory()).isZero();
    root.close();
  }

  /** What a tensor is made of, so that failures print and shrink. */
  record Sample(DataType type, List<Integer> shape, char order, boolean view) {

    INDArray array() {
      long[] wanted = shape.stream().mapToLong(Integer::longValue).toArray();
      long length = shape.stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b);
      if (length == 0) {
        return Nd4j.create(type, wanted);
      }
      if (!view) {
        return filled(wanted);
      }
      // A window into a larger array: neither at its beginning nor dense.
      long[] larger = new long[wanted.length];
      org.nd4j.linalg.indexing.INDArrayIndex[] window =
          new org.nd4j.linalg.indexing.INDArrayIndex[wanted.length];
      for (int i = 0; i < wanted.length; i++) {
        larger[i] = wanted[i] + 2;
        window[i] = NDArrayIndex.interval(1, 1 + wanted[i]);
      }
      return wanted.length == 0 ? filled(wanted) : filled(larger).get(window).reshape(wanted);
    }

    private INDArray filled(long[] dimensions) {
      long length = 1;
      for (long d : dimensions) {
        length *= d;
      }
      INDArray values = Nd4j.create(DataType.DOUBLE, dimensions, order);
      for (long i = 0; i < length; i++) {
        double value = type == DataType.BOOL ? i * 7 % 3 % 2 : i % 100;
        if (dimensions.length == 0) {
          values.assign(value + 1);
        } else {
          values.putScalar(i, value);
        }
      }
      INDArray cast = values.castTo(type);
      return cast.ordering() == order ? cast : cast.dup(order);
    }
  }

  @Provide
  Arbitrary<List<Sample>> samples() {
    Arbitrary<Sample> sample =
        Combinators.combine(
                Arbitraries.of(TYPES),
                Arbitraries.integers()
                    .between(0, 4)
                    .list()
                    .ofMaxSize(8)
                    .filter(s -> size(s) < 5000),
                Arbitraries.of('c', 'f'),
                Arbitraries.of(true, false))
            .as(Sample::new);
    return sample.list().ofMaxSize(4);
  }

  private static int size(List<Integer> shape) {
    return shape.stream().reduce(1, (a, b) -> a * (b + 2));
  }

  @Property(tries = 300)
  void whatIsDecodedIsWhatWasEncoded(
      @ForAll("samples") List<Sample> samples, @ForAll long microBatch) {
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    Map<String, INDArray> expected = new LinkedHashMap<>();
    for (int i = 0; i < samples.size(); i++) {
      INDArray array = samples.get(i).array();
      arrays.put("t" + i, array);
      expected.put("t" + i, array.isEmpty() ? array : array.dup(array.ordering()));
    }
    EncodedTensors encoded = codec.encode(new TensorMessage(microBatch, Tensors.of(arrays)));
    assertThat(encoded.parts().stream().mapToLong(ByteBuffer::remaining).sum())
        .isEqualTo(encoded.length());
    TensorMessage message = codec.decode(Messages.transfer(encoded));
    assertThat(message.microBatch()).isEqualTo(microBatch);
    assertThat(List.copyOf(message.tensors().names())).isEqualTo(List.copyOf(expected.keySet()));
    expected.forEach((name, array) -> assertSame(message.tensors().get(name), array));
    message.tensors().close();
    message.tensors().close();
  }

  private static void assertSame(INDArray actual, INDArray expected) {
    assertThat(actual.dataType()).isEqualTo(expected.dataType());
    assertThat(actual.shape()).isEqualTo(expected.shape());
    if (expected.isEmpty()) {
      assertThat(actual.isEmpty()).isTrue();
      return;
    }
    assertThat(actual.ordering()).isEqualTo(expected.ordering());
    assertThat(actual.stride()).isEqualTo(Nd4j.getStrides(expected.shape(), expected.ordering()));
    assertThat(actual).isEqualTo(expected);
    // Native code must see the same elements as Java does.
    assertThat(actual.castTo(DataType.DOUBLE).sumNumber())
        .isEqualTo(expected.castTo(DataType.DOUBLE).sumNumber());
  }

  /** Heads differ in the id and in shapes of equal length: what is remembered must not mix them. */
  @Test
  void messagesOfManyShapesAndIdsAlternate() {
    for (int i = 0; i < 60; i++) {
      int rows = List.of(32, 16, 24, 61).get(i % 4);
      int columns = List.of(16, 32, 64, 16).get(i % 4);
      INDArray array = Nd4j.arange(rows * columns).reshape(rows, columns);
      long id = i % 2 == 0 ? i : Long.MIN_VALUE + i;
      TensorMessage message =
          codec.decode(
              Messages.transfer(codec.encode(new TensorMessage(id, Tensors.of("x", array.dup())))));
      assertThat(message.microBatch()).isEqualTo(id);
      assertThat(message.tensors().get("x")).isEqualTo(array);
      message.tensors().close();
    }
  }

  @Test
  void noTensorsIsAMessageToo() {
    TensorMessage message =
        codec.decode(Messages.transfer(codec.encode(new TensorMessage(7, Tensors.none()))));
    assertThat(message.microBatch()).isEqualTo(7);
    assertThat(message.tensors().isEmpty()).isTrue();
    message.tensors().close();
  }

  @Test
  void denseViewsAndArraysOnTheWireShareMemory() {
    INDArray flat = Nd4j.arange(1000).castTo(DataType.FLOAT);
    INDArray viewOfView =
        flat.get(NDArrayIndex.interval(100, 900)).get(NDArrayIndex.interval(50, 114));
    EncodedTensors encoded =
        codec.encode(new TensorMessage(0, Tensors.of("x", viewOfView.reshape('f', 8, 8))));
    viewOfView.putScalar(3, -42f);
    TensorMessage message = codec.decode(Messages.transfer(encoded));
    assertThat(message.tensors().get("x").getFloat(3, 0)).isEqualTo(-42f);
    assertThat(message.tensors().get("x").getFloat(0, 1)).isEqualTo(158f);
    assertThat(flat.closeable()).isTrue();
    message.tensors().close();
  }

  @Test
  void decodedArraysAreViewsOfTheReceivedMemory() {
    ReceiveBuffer buffer =
        Messages.transfer(
            codec.encode(new TensorMessage(0, Tensors.of("x", Nd4j.ones(DataType.FLOAT, 4, 4)))));
    long from = buffer.address();
    INDArray array = null;
    try (Tensors tensors = codec.decode(buffer).tensors()) {
      array = tensors.get("x");
      assertThat(array.data().address()).isBetween(from, from + buffer.length());
      assertThat(array.data().address() % 64).isZero();
      array.addi(1);
      assertThat(array.mmul(array).sumNumber().doubleValue()).isEqualTo(16 * 16.0);
      assertThat(codec.heldBytes()).isEqualTo(buffer.length());
    }
    INDArray closed = array;
    assertThat(closed.wasClosed()).isTrue();
    assertThatThrownBy(() -> closed.data().pointer()).isInstanceOf(IllegalStateException.class);
    assertThat(codec.heldBytes()).isZero();
  }

  @Test
  void decodedTensorsCanBeSentOn() {
    INDArray array = Nd4j.arange(24).castTo(DataType.DOUBLE).reshape(2, 3, 4);
    Tensors first =
        codec
            .decode(
                Messages.transfer(codec.encode(new TensorMessage(1, Tensors.of("x", array.dup())))))
            .tensors();
    Tensors second =
        codec.decode(Messages.transfer(codec.encode(new TensorMessage(2, first)))).tensors();
    assertThat(second.get("x")).isEqualTo(array);
    second.close();
  }

  @Test
  void arraysInAWorkspaceAreCopiedOutOfIt() {
    WorkspaceConfiguration configuration =
        WorkspaceConfiguration.builder().initialSize(1 << 20).build();
    EncodedTensors encoded;
    MemoryWorkspace workspace =
        Nd4j.getWorkspaceManager().getAndActivateWorkspace(configuration, "codec-test");
    try {
      INDArray attached = Nd4j.ones(DataType.FLOAT, 16);
      assertThat(attached.isAttached()).isTrue();
      encoded = codec.encode(new TensorMessage(0, Tensors.of("x", attached)));
      attached.assign(5);
    } finally {
      workspace.close();
    }
    try (Tensors tensors = codec.decode(Messages.transfer(encoded)).tensors()) {
      assertThat(tensors.get("x").sumNumber().doubleValue()).isEqualTo(16.0);
    }
  }

  @Test
  void encodingClosesTheTensorsWithTheMessage() {
    INDArray array = Nd4j.ones(DataType.FLOAT, 10);
    EncodedTensors encoded = codec.encode(new TensorMessage(0, Tensors.of("x", array)));
    assertThat(array.wasClosed()).isFalse();
    encoded.close();
    encoded.close();
    assertThat(array.wasClosed()).isTrue();
    assertThatThrownBy(encoded::parts).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void whatCannotTravelIsRefusedAndClosed() {
    INDArray bfloat = Nd4j.ones(DataType.BFLOAT16, 3);
    assertThatThrownBy(() -> codec.encode(new TensorMessage(0, Tensors.of("x", bfloat))))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL));
    assertThat(bfloat.wasClosed()).isTrue();
    INDArray large = Nd4j.create(DataType.DOUBLE, 1 << 21);
    assertThatThrownBy(() -> codec.encode(new TensorMessage(0, Tensors.of("x", large))))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.RESOURCE));
    assertThat(large.wasClosed()).isTrue();
  }

  @Test
  void aForgottenMessageIsFoundWhenTheCodecCloses() {
    TensorCodec other = new TensorCodec(root, "stage 2", 1 << 20);
    EncodedTensors open =
        other.encode(new TensorMessage(0, Tensors.of("x", Nd4j.ones(DataType.FLOAT, 4))));
    assertThatThrownBy(other::close)
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining("stage 2")
        .hasMessageContaining(open.length() + " bytes");
    open.close();
    other.close();
  }

  @Test
  void memoryLivesAsLongAsAnArrayOverItAndNoLonger() {
    byte[] bytes;
    try (EncodedTensors encoded =
        codec.encode(new TensorMessage(0, Tensors.of("x", Nd4j.ones(DataType.FLOAT, 500_000))))) {
      bytes = Messages.bytes(encoded);
    }
    collect();
    INDArray view =
        codec
            .decode(Messages.received(bytes))
            .tensors()
            .get("x")
            .get(NDArrayIndex.interval(10, 20));
    assertThat(collect()).isTrue();
    assertThat(codec.heldBytes()).isEqualTo(bytes.length);
    assertThat(view.sumNumber().doubleValue()).isEqualTo(10.0);
    view = null;
    for (int i = 0; i < 200 && codec.heldBytes() > 0; i++) {
      collect();
    }
    assertThat(codec.heldBytes()).isZero();
  }

  /** Makes the collector run: says whether it did. */
  private static boolean collect() {
    java.lang.ref.WeakReference<Object> canary = new java.lang.ref.WeakReference<>(new Object());
    for (int i = 0; i < 100 && canary.get() != null; i++) {
      System.gc();
    }
    Pointer.deallocateReferences();
    return canary.get() == null;
  }

  @Test
  void arrowReadsAMessageWithTheTypesRegistered() throws Exception {
    FixedShapeTensorType.register();
    try {
      assertArrowReads(true);
    } finally {
      FixedShapeTensorType.unregister();
    }
  }

  @Test
  void arrowReadsAMessageWithoutKnowingTheTypes() throws Exception {
    FixedShapeTensorType.unregister();
    assertArrowReads(false);
  }

  private void assertArrowReads(boolean registered) throws Exception {
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    arrays.put("c", Nd4j.arange(6).castTo(DataType.FLOAT).reshape('c', 2, 3));
    arrays.put("f", Nd4j.arange(6).castTo(DataType.DOUBLE).reshape('c', 2, 3).dup('f'));
    arrays.put("half", Nd4j.ones(DataType.FLOAT16, 3));
    arrays.put("mask", Nd4j.createFromArray(true, false, true));
    arrays.put("scalar", Nd4j.scalar(DataType.INT32, 5));
    arrays.put("none", Nd4j.create(DataType.INT64, 0, 3));
    byte[] bytes;
    try (EncodedTensors encoded = codec.encode(new TensorMessage(12, Tensors.of(arrays)))) {
      bytes = Messages.bytes(encoded);
    }
    try (ArrowStreamReader reader = new ArrowStreamReader(new ByteArrayInputStream(bytes), root)) {
      VectorSchemaRoot batch = reader.getVectorSchemaRoot();
      assertThat(Long.parseLong(batch.getSchema().getCustomMetadata().get(MessageLayout.ID_KEY)))
          .isEqualTo(12);
      assertThat(reader.loadNextBatch()).isTrue();
      assertThat(batch.getRowCount()).isEqualTo(1);
      assertThat(values(batch, "c")).hasToString("[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]");
      assertThat(values(batch, "f")).hasToString("[0.0, 3.0, 1.0, 4.0, 2.0, 5.0]");
      assertThat(values(batch, "half").get(0).toString().charAt(0)).isEqualTo((char) 0x3c00);
      assertThat(values(batch, "mask")).hasToString("[true, false, true]");
      assertThat(values(batch, "scalar")).hasToString("[5]");
      assertThat(values(batch, "none")).isEmpty();
      FieldVector f = batch.getVector("f");
      if (registered) {
        assertThat(f).isInstanceOf(FixedShapeTensorVector.class);
        assertThat(((FixedShapeTensorType) f.getField().getType()).serialize())
            .isEqualTo("{\"shape\":[3,2],\"permutation\":[1,0]}");
      } else {
        assertThat(f).isInstanceOf(FixedSizeListVector.class);
        assertThat(f.getField().getMetadata())
            .containsEntry("ARROW:extension:name", "arrow.fixed_shape_tensor")
            .containsEntry("ARROW:extension:metadata", "{\"shape\":[3,2],\"permutation\":[1,0]}");
      }
      assertThat(reader.loadNextBatch()).isFalse();
    }
  }

  private static List<?> values(VectorSchemaRoot batch, String column) {
    return new ArrayList<>((List<?>) batch.getVector(column).getObject(0));
  }

  private byte[] valid() {
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    arrays.put("activations", Nd4j.arange(12).castTo(DataType.FLOAT).reshape('f', 3, 4));
    arrays.put("mask", Nd4j.createFromArray(true, false, true));
    try (EncodedTensors encoded = codec.encode(new TensorMessage(3, Tensors.of(arrays)))) {
      return Messages.bytes(encoded);
    }
  }

  private void decodesOrIsRefused(byte[] bytes) {
    ReceiveBuffer buffer = Messages.received(bytes);
    try (TensorCodec fresh = new TensorCodec(root, "fresh", 1 << 24)) {
      // Both a codec that knows these shapes and one that does not.
      decodesOrIsRefused(fresh, buffer);
      decodesOrIsRefused(codec, Messages.received(bytes));
    }
  }

  private static void decodesOrIsRefused(TensorCodec codec, ReceiveBuffer buffer) {
    try (Tensors tensors = codec.decode(buffer).tensors()) {
      tensors.asMap().values().forEach(a -> assertThat(a.isEmpty() || a.length() > 0).isTrue());
      tensors.asMap().values().forEach(INDArray::toStringFull);
    } catch (StagecoachException e) {
      assertThat(e.kind()).isEqualTo(ErrorKind.PEER);
      assertThatThrownBy(buffer::address).isInstanceOf(IllegalStateException.class);
    }
    assertThat(codec.heldBytes()).isZero();
  }

  @Property(tries = 1500)
  void anyFlippedBitIsHarmless(@ForAll("flips") List<Integer> flips) {
    byte[] bytes = valid();
    for (int flip : flips) {
      bytes[flip / 8 % bytes.length] ^= (byte) (1 << flip % 8);
    }
    decodesOrIsRefused(bytes);
  }

  @Provide
  Arbitrary<List<Integer>> flips() {
    return Arbitraries.integers().between(0, 8 * 1600).list().ofMinSize(1).ofMaxSize(4);
  }

  @Property(tries = 500)
  void anyReplacedIntegerIsHarmless(
      @ForAll("positions") int position, @ForAll("nastyIntegers") int value) {
    byte[] bytes = valid();
    ByteBuffer.wrap(bytes)
        .order(java.nio.ByteOrder.LITTLE_ENDIAN)
        .putInt(position % (bytes.length / 4) * 4, value);
    decodesOrIsRefused(bytes);
  }

  @Provide
  Arbitrary<Integer> positions() {
    return Arbitraries.integers().between(0, 399);
  }

  @Provide
  Arbitrary<Integer> nastyIntegers() {
    return Arbitraries.oneOf(
        Arbitraries.of(0, 1, -1, 8, 64, Integer.MAX_VALUE, Integer.MIN_VALUE, 1 << 30, -8),
        Arbitraries.integers());
  }

  @Test
  void everyTruncationAndEveryPaddingIsRefused() {
    byte[] bytes = valid();
    List<Integer> lengths = new ArrayList<>();
    for (int length = 0; length < bytes.length; length++) {
      lengths.add(length);
    }
    lengths.add(bytes.length + 1);
    lengths.add(bytes.length + 64);
    for (int length : lengths) {
      ReceiveBuffer buffer = Messages.received(java.util.Arrays.copyOf(bytes, length));
      assertThatThrownBy(() -> codec.decode(buffer))
          .isInstanceOfSatisfying(
              StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PEER));
      assertThatThrownBy(buffer::address).isInstanceOf(IllegalStateException.class);
    }
    assertThat(codec.heldBytes()).isZero();
  }

  @Test
  void aMessageOverTheLimitIsRefused() {
    TensorCodec small = new TensorCodec(root, "small", 100);
    byte[] bytes = valid();
    assertThatThrownBy(() -> small.decode(Messages.received(bytes)))
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining("over the limit of 100");
    small.close();
  }

  @Test
  void chunksMustLieWithinTheBuffer() {
    try (ReceiveBuffer buffer = ReceiveBuffer.allocate(10)) {
      buffer.put(6, ByteBuffer.allocate(4));
      assertThatThrownBy(() -> buffer.put(7, ByteBuffer.allocate(4)))
          .isInstanceOf(StagecoachException.class);
      assertThatThrownBy(() -> buffer.put(-1, ByteBuffer.allocate(4)))
          .isInstanceOf(StagecoachException.class);
    }
  }
}
