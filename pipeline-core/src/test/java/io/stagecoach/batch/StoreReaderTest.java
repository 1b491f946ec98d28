package io.stagecoach.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.batch.Slice.Split;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.tensor.FixedShapeTensorType;
import io.stagecoach.tensor.Tensors;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.util.ByteArrayReadableSeekableByteChannel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class StoreReaderTest {

  private static final int SIZE = 3;
  private static final int TIME = 5;

  private static final ColumnSpec FEATURES =
      ColumnSpec.sequence(Columns.FEATURES, ColumnSpec.Type.FLOAT32, SIZE, TIME);
  private static final ColumnSpec LABELS =
      ColumnSpec.sequence(Columns.LABELS, ColumnSpec.Type.INT32, TIME);
  private static final ColumnSpec MASK =
      ColumnSpec.sequence(Columns.LABELS_MASK, ColumnSpec.Type.BOOL, TIME);
  private static final ColumnSpec WEIGHT = ColumnSpec.of("weight", ColumnSpec.Type.FLOAT64);
  private static final ColumnSpec IMAGE = ColumnSpec.of("image", ColumnSpec.Type.UINT8, 2, 2);
  private static final ColumnSpec ID = ColumnSpec.of("id", ColumnSpec.Type.INT64);
  private static final List<ColumnSpec> COLUMNS =
      List.of(FEATURES, LABELS, MASK, WEIGHT, IMAGE, ID);
  private static final Set<String> ALL =
      Set.of("features", "labels", "labels_mask", "weight", "image", "id");

  /** The value of an element, from the row's identity alone. */
  private static double value(String column, long id, int element) {
    long mixed = id * 1009 + element * 31L + column.length() * 7L;
    return switch (column) {
      case "labels_mask" -> mixed % 3 == 0 ? 1 : 0;
      case "image" -> mixed % 256;
      case "id" -> id;
      case "labels" -> mixed % 65;
      default -> (float) (mixed % 10_007 / 8.0);
    };
  }

  private static ColumnData data(ColumnSpec column, int firstId, int rows) {
    int elements = column.rowElements();
    double[] values = new double[rows * elements];
    for (int i = 0; i < values.length; i++) {
      values[i] = value(column.name(), firstId + i / elements, i % elements);
    }
    switch (column.type()) {
      case FLOAT32 -> {
        float[] floats = new float[values.length];
        IntStream.range(0, values.length).forEach(i -> floats[i] = (float) values[i]);
        return ColumnData.of(column, floats);
      }
      case FLOAT64 -> {
        return ColumnData.of(column, values);
      }
      case INT32 -> {
        int[] ints = new int[values.length];
        IntStream.range(0, values.length).forEach(i -> ints[i] = (int) values[i]);
        return ColumnData.of(column, ints);
      }
      case INT64 -> {
        long[] longs = new long[values.length];
        IntStream.range(0, values.length).forEach(i -> longs[i] = (long) values[i]);
        return ColumnData.of(column, longs);
      }
      case UINT8 -> {
        byte[] bytes = new byte[values.length];
        IntStream.range(0, values.length).forEach(i -> bytes[i] = (byte) (int) values[i]);
        return ColumnData.of(column, bytes);
      }
      case BOOL -> {
        boolean[] flags = new boolean[values.length];
        IntStream.range(0, values.length).forEach(i -> flags[i] = values[i] != 0);
        return ColumnData.of(column, flags);
      }
    }
    throw new AssertionError(column);
  }

  /** A store of chunks of these sizes; ids count on through training and then validation. */
  private static StoreManifest write(
      ChunkStorage storage, List<Integer> training, List<Integer> validation) {
    int id = 0;
    List<List<ChunkInfo>> splits = new ArrayList<>();
    for (List<Integer> sizes : List.of(training, validation)) {
      List<ChunkInfo> chunks = new ArrayList<>();
      for (int rows : sizes) {
        int first = id;
        chunks.add(
            ChunkWriter.write(
                storage,
                "chunks/" + first,
                COLUMNS.stream().map(c -> data(c, first, rows)).toList()));
        id += rows;
      }
      splits.add(chunks);
    }
    StoreManifest manifest =
        StoreManifest.of("abc", 5, COLUMNS, splits.get(0), splits.get(1), Map.of("k", "v"));
    ManifestFile.commit(storage, manifest);
    return ManifestFile.read(storage);
  }

  private static void assertRows(Tensors tensors, long[] ids, int firstStep, int steps) {
    for (ColumnSpec column : COLUMNS) {
      INDArray array = tensors.get(column.name()).castTo(DataType.DOUBLE);
      assertThat(tensors.get(column.name()).ordering()).isEqualTo('c');
      List<Long> shape = new ArrayList<>(List.of((long) ids.length));
      column.rowShape().forEach(d -> shape.add((long) d));
      if (column.timeAxis()) {
        shape.set(shape.size() - 1, (long) steps);
      }
      assertThat(array.shape()).isEqualTo(shape.stream().mapToLong(Long::longValue).toArray());
      int time = column.timeAxis() ? TIME : 1;
      int from = column.timeAxis() ? firstStep : 0;
      int count = column.timeAxis() ? steps : 1;
      long at = 0;
      double[] flat = array.reshape(array.length()).toDoubleVector();
      for (long id : ids) {
        for (int outer = 0; outer < column.rowElements() / time; outer++) {
          for (int t = from; t < from + count; t++) {
            assertThat(flat[(int) at++])
                .as("%s of %d", column.name(), id)
                .isEqualTo(value(column.name(), id, outer * time + t));
          }
        }
      }
    }
  }

  /** Reading by brute force: the order's places, looked up in the list of all ids. */
  @Property(tries = 60)
  void aSliceIsTheRowsAndTimesThatItNames(
      @ForAll @IntRange(min = 0, max = 1000) int seed,
      @ForAll @IntRange(min = 0, max = 3) int cache) {
    Random random = new Random(seed);
    MemoryStorage storage = new MemoryStorage();
    List<Integer> training = random.ints(1 + random.nextInt(6), 1, 8).boxed().toList();
    StoreManifest manifest = write(storage, training, List.of(4, 3));
    List<List<Long>> ids = new ArrayList<>();
    long next = 0;
    for (int rows : training) {
      List<Long> chunk = new ArrayList<>();
      for (int i = 0; i < rows; i++) {
        chunk.add(next++);
      }
      ids.add(chunk);
    }
    long trainingRows = next;
    int window = 1 + random.nextInt(3);
    ReadOptions options =
        ReadOptions.shuffled(seed)
            .withWindowChunks(window)
            .withCacheBytes(List.of(0L, 1500L, 6000L, 1L << 20).get(cache));
    try (StoreReader reader = new StoreReader(storage, manifest, options)) {
      List<Slice> slices = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        boolean validation = random.nextInt(4) == 0;
        long there = validation ? 7 : trainingRows;
        long first = random.nextInt((int) there);
        int rows = 1 + random.nextInt((int) (there - first));
        int step = random.nextInt(TIME);
        int steps = 1 + random.nextInt(TIME - step);
        slices.add(
            Slice.of(validation ? Split.VALIDATION : Split.TRAINING, i % 3, first, rows)
                .time(step, steps == TIME - step ? Slice.WHOLE : steps));
      }
      reader.prefetch(slices, ALL);
      for (Slice slice : slices) {
        EpochOrder order = EpochOrder.shuffled(training, options.seed(), slice.epoch(), window);
        long[] expected = new long[slice.rows()];
        for (int i = 0; i < expected.length; i++) {
          long position = slice.firstRow() + i;
          if (slice.split() == Split.VALIDATION) {
            expected[i] = trainingRows + position;
          } else {
            EpochOrder.Place place = order.at(position);
            expected[i] = ids.get(place.chunk()).get(place.row());
          }
        }
        int steps =
            slice.timeSteps() == Slice.WHOLE ? TIME - slice.firstTimeStep() : slice.timeSteps();
        try (Tensors tensors = reader.read(slice, ALL)) {
          assertRows(tensors, expected, slice.firstTimeStep(), steps);
        }
      }
    }
  }

  @Test
  void storedOrderAndOnlyTheColumnsAskedFor() {
    MemoryStorage storage = new MemoryStorage();
    StoreManifest manifest = write(storage, List.of(3, 4), List.of());
    storage.opened.set(0);
    try (StoreReader reader = new StoreReader(storage, manifest, ReadOptions.stored());
        Tensors tensors =
            reader.read(Slice.of(Split.TRAINING, 9, 2, 2), Set.of("id", "nothing", "labels"))) {
      assertThat(List.copyOf(tensors.names())).containsExactly("labels", "id");
      assertThat(tensors.get("id").toLongVector()).containsExactly(2, 3);
      assertThat(tensors.get("id").dataType()).isEqualTo(DataType.INT64);
      assertThat(tensors.get("labels").dataType()).isEqualTo(DataType.INT32);
      assertThat(storage.opened).hasValue(4);
    }
  }

  @Test
  void floatsAndMasksComeOutInTheTypeWanted() {
    MemoryStorage storage = new MemoryStorage();
    StoreManifest manifest = write(storage, List.of(4), List.of());
    Map<ReadOptions.Floats, DataType> types =
        Map.of(
            ReadOptions.Floats.FLOAT32,
            DataType.FLOAT,
            ReadOptions.Floats.FLOAT64,
            DataType.DOUBLE);
    types.forEach(
        (floats, type) -> {
          try (StoreReader reader =
                  new StoreReader(storage, manifest, ReadOptions.stored().withFloats(floats));
              Tensors tensors = reader.read(Slice.of(Split.TRAINING, 0, 0, 4), ALL)) {
            for (String column : List.of("features", "weight", "labels_mask")) {
              assertThat(tensors.get(column).dataType()).isEqualTo(type);
            }
            assertThat(tensors.get("image").dataType()).isEqualTo(DataType.UINT8);
            assertRows(tensors, new long[] {0, 1, 2, 3}, 0, TIME);
          }
        });
    try (StoreReader reader = new StoreReader(storage, manifest, ReadOptions.stored());
        Tensors tensors = reader.read(Slice.of(Split.TRAINING, 0, 0, 1), ALL)) {
      assertThat(tensors.get("labels_mask").dataType()).isEqualTo(DataType.BOOL);
      assertThat(tensors.get("weight").dataType()).isEqualTo(DataType.DOUBLE);
    }
  }

  @Test
  void aChunkIsReadOnceWhereTheCacheHoldsItAndTheCacheStaysWithinItsBound() {
    MemoryStorage storage = new MemoryStorage();
    StoreManifest manifest = write(storage, List.of(10, 10, 10, 10), List.of());
    long chunk = manifest.chunks().get(Split.TRAINING).get(0).files().get("features").bytes();
    for (int chunksHeld : new int[] {1, 4}) {
      storage.opened.set(0);
      ReadOptions options = ReadOptions.stored().withCacheBytes(chunksHeld * (chunk + 64));
      try (StoreReader reader = new StoreReader(storage, manifest, options)) {
        for (int epoch = 0; epoch < 2; epoch++) {
          for (int first = 0; first < 40; first += 5) {
            reader.read(Slice.of(Split.TRAINING, epoch, first, 5), Set.of("features")).close();
            assertThat(reader.cachedBytes()).isLessThanOrEqualTo(options.cacheBytes());
          }
        }
      }
      assertThat(storage.opened).hasValue(chunksHeld == 1 ? 8 : 4);
    }
  }

  @Test
  void whatIsAnnouncedIsFetchedInTheBackground() throws Exception {
    CountDownLatch fetched = new CountDownLatch(3);
    MemoryStorage memory = new MemoryStorage();
    StoreManifest manifest = write(memory, List.of(2, 2, 2), List.of());
    Thread reading = Thread.currentThread();
    ChunkStorage storage =
        new Delegate(memory) {
          @Override
          public InputStream open(String name) throws IOException {
            assertThat(Thread.currentThread()).isNotSameAs(reading);
            InputStream in = super.open(name);
            fetched.countDown();
            return in;
          }
        };
    try (StoreReader reader = new StoreReader(storage, manifest, ReadOptions.stored())) {
      List<Slice> slices =
          IntStream.range(0, 3).mapToObj(i -> Slice.of(Split.TRAINING, 0, 2L * i, 2)).toList();
      reader.prefetch(slices, Set.of("id"));
      assertThat(fetched.await(30, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
      for (Slice slice : slices) {
        reader.read(slice, Set.of("id")).close();
      }
    }
  }

  @Test
  void prefetchWaitsForRoomAndGoesOnWhenASliceIsRead() {
    MemoryStorage storage = new MemoryStorage();
    StoreManifest manifest = write(storage, List.of(2, 2, 2, 2, 2, 2), List.of());
    long file = manifest.chunks().get(Split.TRAINING).get(0).files().get("id").bytes();
    ReadOptions options = ReadOptions.stored().withCacheBytes(2 * file + 10);
    storage.opened.set(0);
    try (StoreReader reader = new StoreReader(storage, manifest, options)) {
      List<Slice> slices =
          IntStream.range(0, 6).mapToObj(i -> Slice.of(Split.TRAINING, 0, 2L * i, 2)).toList();
      reader.prefetch(slices, Set.of("id"));
      for (Slice slice : slices) {
        try (Tensors tensors = reader.read(slice, Set.of("id"))) {
          assertThat(tensors.get("id").toLongVector())
              .containsExactly(slice.firstRow(), slice.firstRow() + 1);
        }
        // What is read while the background thread loads another may go over by that one.
        assertThat(reader.cachedBytes()).isLessThanOrEqualTo(3 * file);
      }
    }
    assertThat(storage.opened.get()).isBetween(6, 7);
  }

  @Test
  void aHungStorageIsADeadlineError() {
    MemoryStorage memory = new MemoryStorage();
    StoreManifest manifest = write(memory, List.of(2), List.of());
    CountDownLatch opened = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    ChunkStorage storage =
        new Delegate(memory) {
          @Override
          public InputStream open(String name) throws IOException {
            opened.countDown();
            try {
              never.await();
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
            return super.open(name);
          }
        };
    ReadOptions options = ReadOptions.stored().withDeadline(Duration.ofMillis(20));
    Slice slice = Slice.of(Split.TRAINING, 0, 0, 2);
    try (StoreReader reader = new StoreReader(storage, manifest, options)) {
      reader.prefetch(List.of(slice), Set.of("id"));
      opened.await();
      assertFails(() -> reader.read(slice, Set.of("id")), ErrorKind.DEADLINE, "within");
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void missingCorruptAndShortChunksAreDataErrors() {
    MemoryStorage storage = new MemoryStorage();
    StoreManifest manifest = write(storage, List.of(3), List.of());
    String name = "chunks/0/features.arrow";
    byte[] good = storage.files.get(name);
    Slice slice = Slice.of(Split.TRAINING, 0, 0, 3);
    try (StoreReader reader = new StoreReader(storage, manifest, ReadOptions.stored())) {
      Map<String, byte[]> bad = new HashMap<>();
      byte[] flipped = good.clone();
      flipped[good.length / 2] ^= 4;
      bad.put("checksum", flipped);
      bad.put("bytes long", java.util.Arrays.copyOf(good, good.length - 1));
      bad.put("is not " + good.length, java.util.Arrays.copyOf(good, good.length + 1));
      bad.forEach(
          (message, bytes) -> {
            storage.files.put(name, bytes);
            assertFails(() -> reader.read(slice, ALL), ErrorKind.DATA, message);
          });
      storage.files.remove(name);
      assertFails(() -> reader.read(slice, ALL), ErrorKind.DATA, "missing");
      // Also where the background thread met it first; and what is mended is read.
      reader.prefetch(List.of(slice), ALL);
      assertFails(() -> reader.read(slice, ALL), ErrorKind.DATA, "missing");
      storage.files.put(name, good);
      reader.read(slice, ALL).close();
    }
  }

  @Test
  void slicesBeyondTheEndAreDataErrors() {
    MemoryStorage storage = new MemoryStorage();
    StoreManifest manifest = write(storage, List.of(3), List.of());
    try (StoreReader reader = new StoreReader(storage, manifest, ReadOptions.stored())) {
      Slice rows = Slice.of(Split.TRAINING, 0, 1, 3);
      assertFails(() -> reader.read(rows, ALL), ErrorKind.DATA, "which has 3");
      assertFails(() -> reader.prefetch(List.of(rows), ALL), ErrorKind.DATA, "which has 3");
      assertFails(
          () -> reader.read(Slice.of(Split.VALIDATION, 0, 0, 1), ALL), ErrorKind.DATA, "has 0");
      Slice time = Slice.of(Split.TRAINING, 0, 0, 1).time(3, 3);
      assertFails(() -> reader.read(time, ALL), ErrorKind.DATA, "time steps");
      reader.read(time, Set.of("id")).close();
    }
  }

  private static void assertFails(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, ErrorKind kind, String message) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(kind))
        .hasMessageContaining(message);
  }

  @Test
  void arrowReadsAColumnsFile() throws Exception {
    MemoryStorage storage = new MemoryStorage();
    write(storage, List.of(3), List.of());
    for (boolean registered : new boolean[] {true, false}) {
      if (registered) {
        FixedShapeTensorType.register();
      } else {
        FixedShapeTensorType.unregister();
      }
      try (RootAllocator allocator = new RootAllocator()) {
        for (ColumnSpec column : COLUMNS) {
          byte[] file = storage.files.get("chunks/0/" + column.name() + ".arrow");
          try (ArrowFileReader reader =
              new ArrowFileReader(new ByteArrayReadableSeekableByteChannel(file), allocator)) {
            assertColumn(column, reader);
          }
          // The same bytes behind the magic are a stream.
          try (var stream =
              new org.apache.arrow.vector.ipc.ArrowStreamReader(
                  Channels.newChannel(new ByteArrayInputStream(file, 8, file.length - 8)),
                  allocator)) {
            assertThat(stream.loadNextBatch()).isTrue();
            assertThat(stream.getVectorSchemaRoot().getRowCount()).isEqualTo(3);
          }
        }
        assertThat(allocator.getAllocatedMemory()).isZero();
      } finally {
        FixedShapeTensorType.unregister();
      }
    }
  }

  private static void assertColumn(ColumnSpec column, ArrowFileReader reader) throws IOException {
    VectorSchemaRoot root = reader.getVectorSchemaRoot();
    assertThat(reader.getRecordBlocks()).hasSize(1);
    assertThat(reader.loadNextBatch()).isTrue();
    assertThat(root.getRowCount()).isEqualTo(3);
    for (int row = 0; row < 3; row++) {
      List<?> values = (List<?>) root.getVector(column.name()).getObject(row);
      assertThat(values).hasSize(column.rowElements());
      for (int i = 0; i < values.size(); i++) {
        double expected = value(column.name(), row, i);
        Object actual = values.get(i);
        if (actual instanceof Boolean flag) {
          assertThat(flag).isEqualTo(expected != 0);
        } else {
          double number = ((Number) actual).doubleValue();
          // Arrow Java has no unsigned byte; it gives the signed one.
          assertThat(column.equals(IMAGE) ? (int) number & 255 : number).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void aStoreOnTheFileSystem(@TempDir Path folder) throws IOException {
    LocalStorage storage = new LocalStorage(folder.resolve("store"));
    assertThat(ManifestFile.find(storage)).isEmpty();
    assertFails(() -> ManifestFile.read(storage), ErrorKind.DATA, "there is none");
    StoreManifest manifest = write(storage, List.of(3, 2), List.of(1));
    assertThat(manifest.rows(Split.TRAINING)).isEqualTo(5);
    assertThat(manifest.rows(Split.VALIDATION)).isEqualTo(1);
    assertThat(manifest.metadata()).containsEntry("k", "v");
    assertThat(manifest.columns()).isEqualTo(COLUMNS);
    // Nothing unfinished is left, and the manifest knows every byte.
    List<String> files = storage.list("");
    assertThat(files).hasSize(3 * COLUMNS.size() + 1).noneMatch(f -> f.endsWith(".tmp"));
    long bytes = 0;
    for (String file : files) {
      bytes += file.equals(ManifestFile.NAME) ? 0 : Files.size(folder.resolve("store/" + file));
    }
    assertThat(manifest.bytes()).isEqualTo(bytes);
    try (StoreReader reader = new StoreReader(storage, manifest, ReadOptions.stored());
        Tensors tensors = reader.read(Slice.of(Split.TRAINING, 0, 0, 5), ALL)) {
      assertRows(tensors, new long[] {0, 1, 2, 3, 4}, 0, TIME);
    }
    String good = Files.readString(folder.resolve("store/" + ManifestFile.NAME));
    for (String bad :
        List.of(
            "",
            "null",
            "{}",
            "[]",
            good.substring(0, good.length() / 2),
            good.replace("\"format\" : 1", "\"format\" : 2"),
            good.replace("\"rows\" : 2", "\"rows\" : 0"),
            good.replace("\"FLOAT32\"", "\"FLOAT33\""),
            good.replace("\"fingerprint\"", "\"finger\""))) {
      assertThat(bad).isNotEqualTo(good);
      Files.writeString(folder.resolve("store/" + ManifestFile.NAME), bad);
      assertFails(() -> ManifestFile.find(storage), ErrorKind.DATA, "manifest");
    }
    storage.delete("chunks");
    assertThat(storage.list("chunks")).isEmpty();
    assertThatThrownBy(() -> storage.open("../x")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void manifestStorageAndOptionsTravelToTheTasks(@TempDir Path folder) throws Exception {
    LocalStorage storage = new LocalStorage(folder);
    StoreManifest manifest = write(storage, List.of(3, 2), List.of(1));
    assertThat(copy(manifest)).isEqualTo(manifest);
    assertThat(copy(ReadOptions.shuffled(3))).isEqualTo(ReadOptions.shuffled(3));
    try (StoreReader reader =
            new StoreReader(copy(storage), copy(manifest), copy(ReadOptions.stored()));
        Tensors tensors = reader.read(Slice.of(Split.VALIDATION, 0, 0, 1), ALL)) {
      assertRows(tensors, new long[] {5}, 0, TIME);
    }
  }

  @SuppressWarnings("unchecked") // A copy is of the class of what was copied.
  private static <T> T copy(T object) throws IOException, ClassNotFoundException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(object);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return (T) in.readObject();
    }
  }

  @Test
  void twoTriesOfATaskLeaveOneWholeChunk() throws Exception {
    MemoryStorage storage = new MemoryStorage();
    ChunkInfo first = ChunkWriter.write(storage, "c", List.of(data(ID, 0, 9), data(IMAGE, 0, 9)));
    ChunkInfo again = ChunkWriter.write(storage, "c", List.of(data(ID, 0, 9), data(IMAGE, 0, 9)));
    assertThat(again).isEqualTo(first);
    assertThat(storage.files).containsOnlyKeys("c/id.arrow", "c/image.arrow");
  }

  @Test
  void whatCannotBeWrittenIsAnOutputError() {
    ChunkStorage full =
        new Delegate(new MemoryStorage()) {
          @Override
          public OutputStream create(String name) throws IOException {
            throw new IOException("no space left");
          }
        };
    assertFails(
        () -> ChunkWriter.write(full, "c", List.of(data(ID, 0, 2))),
        ErrorKind.OUTPUT,
        "no space left");
    assertFails(
        () ->
            ManifestFile.commit(
                full, StoreManifest.of("f", 0, List.of(), List.of(), List.of(), Map.of())),
        ErrorKind.OUTPUT,
        "no space left");
  }

  @Test
  void rowsMustFitTheirColumn() {
    assertThatThrownBy(() -> ColumnData.of(FEATURES, new float[16]))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ColumnData.of(FEATURES, new int[15]))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () ->
                ChunkWriter.write(
                    new MemoryStorage(), "c", List.of(data(ID, 0, 2), data(WEIGHT, 0, 3))))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** A storage that is another one but for what a test overrides. */
  private static class Delegate implements ChunkStorage {
    private static final long serialVersionUID = 1L;

    private final transient ChunkStorage to;

    Delegate(ChunkStorage to) {
      this.to = to;
    }

    @Override
    public InputStream open(String name) throws IOException {
      return to.open(name);
    }

    @Override
    public OutputStream create(String name) throws IOException {
      return to.create(name);
    }

    @Override
    public boolean exists(String name) throws IOException {
      return to.exists(name);
    }

    @Override
    public List<String> list(String folder) throws IOException {
      return to.list(folder);
    }

    @Override
    public void delete(String name) throws IOException {
      to.delete(name);
    }

    @Override
    public void rename(String from, String to) throws IOException {
      this.to.rename(from, to);
    }
  }
}
