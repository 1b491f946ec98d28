package io.stagecoach.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.types.pojo.Field;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class TensorFileTest {

  @TempDir Path folder;

  private static Tensors some() {
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    arrays.put("f", Nd4j.linspace(1, 6, 6, DataType.FLOAT).reshape('c', 2, 3).dup('f'));
    arrays.put("c", Nd4j.linspace(1, 12, 12, DataType.DOUBLE).reshape('c', 2, 3, 2));
    arrays.put("special", Nd4j.createFromArray(Float.NaN, -0.0f, Float.MIN_VALUE, 1e38f));
    arrays.put("counts", Nd4j.createFromArray(1L, -2L));
    return Tensors.of(arrays);
  }

  private static byte[] written(Tensors tensors) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    TensorFile.write(out, tensors);
    return out.toByteArray();
  }

  @Test
  void readsWhatWasWrittenToTheBit() throws IOException {
    try (Tensors tensors = some()) {
      byte[] file = written(tensors);
      ByteArrayInputStream in = new ByteArrayInputStream(file);
      try (Tensors read = TensorFile.read(in, file.length)) {
        assertThat(in.available()).isZero();
        assertThat(List.copyOf(read.names())).isEqualTo(List.copyOf(tensors.names()));
        tensors
            .asMap()
            .forEach(
                (name, array) -> {
                  assertThat(read.get(name).shape()).isEqualTo(array.shape());
                  assertThat(read.get(name).ordering()).isEqualTo(array.ordering());
                  assertThat(read.get(name).data().asBytes()).isEqualTo(array.data().asBytes());
                });
      }
    }
  }

  @Test
  void noTensorsAreAFileToo() throws IOException {
    byte[] file = written(Tensors.none());
    try (Tensors read = TensorFile.read(new ByteArrayInputStream(file), file.length)) {
      assertThat(read.isEmpty()).isTrue();
    }
  }

  /** Arrow's own reader, which knows nothing of this class, by random access through the footer. */
  @Test
  void isAFileForAnyArrowReader() throws IOException {
    Path file = folder.resolve("some.arrow");
    try (Tensors tensors = some()) {
      Files.write(file, written(tensors));
    }
    try (BufferAllocator allocator = new RootAllocator();
        SeekableByteChannel channel = Files.newByteChannel(file);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      assertThat(reader.getRecordBlocks()).hasSize(1);
      assertThat(reader.loadRecordBatch(reader.getRecordBlocks().get(0))).isTrue();
      var batch = reader.getVectorSchemaRoot();
      assertThat(batch.getRowCount()).isEqualTo(1);
      assertThat(batch.getSchema().getFields().stream().map(Field::getName))
          .containsExactly("f", "c", "special", "counts");
      Map<String, String> metadata = batch.getVector("f").getField().getMetadata();
      assertThat(metadata)
          .containsEntry("ARROW:extension:name", "arrow.fixed_shape_tensor")
          .containsEntry("ARROW:extension:metadata", "{\"shape\":[3,2],\"permutation\":[1,0]}");
      assertThat(((FixedSizeListVector) batch.getVector("f")).getObject(0))
          .hasToString("[1.0,4.0,2.0,5.0,3.0,6.0]");
      assertThat(((FixedSizeListVector) batch.getVector("counts")).getObject(0))
          .hasToString("[1,-2]");
    }
  }

  @Test
  void aFileThatIsCutOffIsRefused() throws IOException {
    byte[] file;
    try (Tensors tensors = some()) {
      file = written(tensors);
    }
    for (int length = 0; length < file.length; length++) {
      byte[] part = Arrays.copyOf(file, length);
      assertThatThrownBy(() -> TensorFile.read(new ByteArrayInputStream(part), file.length))
          .as("the first %d bytes", length)
          .isInstanceOf(IOException.class);
      assertThatThrownBy(() -> TensorFile.read(new ByteArrayInputStream(part), part.length))
          .as("a file of %d bytes", length)
          .isInstanceOf(IOException.class);
    }
  }

  /** What is claimed of lengths costs no more than the file has; nothing else than refused. */
  @Property(tries = 3000)
  void aFileWithOtherNumbersIsReadOrRefused(
      @ForAll @IntRange(max = 1500) int at, @ForAll int number) throws IOException {
    byte[] file;
    try (Tensors tensors = some()) {
      file = written(tensors);
    }
    ByteBuffer.wrap(file).putInt(Math.min(at, file.length - 4), number);
    try (Tensors read = TensorFile.read(new ByteArrayInputStream(file), file.length)) {
      assertThat(read.bytes()).isLessThan(file.length);
    } catch (IOException refused) {
      assertThat(refused).message().isNotBlank().doesNotContain("NullPointerException");
    }
  }
}
