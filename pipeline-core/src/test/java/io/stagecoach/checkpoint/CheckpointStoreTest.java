package io.stagecoach.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.batch.LocalStorage;
import io.stagecoach.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

class CheckpointStoreTest {

  private static final Clock NOW =
      Clock.fixed(Instant.parse("2026-01-01T00:00:00Z"), ZoneOffset.UTC);

  @TempDir Path folder;

  private static CheckpointStore store(CrashingStorage storage) {
    return new CheckpointStore(storage, NOW);
  }

  private static void assertSame(Checkpoint read, Checkpoint written) {
    assertThat(read.run()).isEqualTo(written.run());
    assertThat(read.model()).isEqualTo(written.model());
    assertSame(read.weights(), written.weights());
    assertSame(read.updaterState(), written.updaterState());
  }

  private static void assertSame(Tensors read, Tensors written) {
    assertThat(List.copyOf(read.names())).isEqualTo(List.copyOf(written.names()));
    written.asMap().forEach((name, array) -> assertBitsSame(read.get(name), array));
  }

  private static void assertBitsSame(INDArray read, INDArray written) {
    assertThat(read.shape()).isEqualTo(written.shape());
    assertThat(read.ordering()).isEqualTo(written.ordering());
    assertThat(read.data().asBytes()).isEqualTo(written.data().asBytes());
  }

  @Test
  void whatIsWrittenIsRead() throws IOException {
    CheckpointStore store = new CheckpointStore(new LocalStorage(folder), NOW);
    assertThat(store.newest()).isEmpty();
    try (Checkpoint first = Checkpoints.at(10);
        Checkpoint second = Checkpoints.at(20)) {
      store.write(first);
      CheckpointName name = store.write(second);
      try (Checkpoint read = store.newest().orElseThrow()) {
        assertSame(read, second);
      }
      try (Checkpoint itself =
          CheckpointStore.open(new LocalStorage(folder.resolve(name.toString()))).orElseThrow()) {
        assertSame(itself, second);
      }
    }
    store.clear();
    assertThat(folder).doesNotExist();
  }

  @Test
  void aLaterRunWithFewerStepsIsNewer() throws IOException {
    CheckpointStore store = store(new CrashingStorage());
    try (Checkpoint long1 = Checkpoints.at(500);
        Checkpoint anew = Checkpoints.at(50)) {
      store.write(long1);
      store.write(anew);
    }
    try (Checkpoint read = store.newest().orElseThrow()) {
      assertThat(read.run().position().step()).isEqualTo(50);
    }
  }

  /**
   * The process dies at every operation of writing a third checkpoint and of removing the first.
   */
  @Test
  void aDeathAtAnyOperationLeavesTheOneBefore() throws IOException {
    long operations = operationsOfOne();
    assertThat(operations).isGreaterThan(15);
    for (long after = 0; after <= operations; after++) {
      CrashingStorage storage = two();
      assertNewestAfterDeath(storage, storage.dieAfterOperations(after), "operation " + after);
    }
  }

  /** The process dies at every byte that is written. */
  @Test
  void aDeathAtAnyByteLeavesTheOneBefore() throws IOException {
    CrashingStorage counted = two();
    long before = counted.bytes;
    third(counted);
    long written = counted.bytes - before;
    assertThat(written).isGreaterThan(3000);
    for (long after = 0; after <= written; after += after < 64 || after > written - 64 ? 1 : 13) {
      CrashingStorage storage = two();
      assertNewestAfterDeath(storage, storage.dieAfterBytes(after), "byte " + after);
    }
  }

  private static void assertNewestAfterDeath(
      CrashingStorage storage, CrashingStorage dying, String when) throws IOException {
    boolean written = third(dying);
    storage.restart();
    try (Checkpoint read = store(storage).newest().orElseThrow()) {
      long step = read.run().position().step();
      // It may have been committed before whoever wrote it died.
      assertThat(step).as(when).isIn(written ? List.of(30L) : List.of(20L, 30L));
    }
    // Whoever comes next writes and tidies up as if nothing had happened.
    try (Checkpoint next = Checkpoints.at(40)) {
      store(storage).write(next);
      store(storage).retain(new Retention(1, Duration.ZERO));
    }
    assertThat(store(storage).committed()).as(when).hasSize(1);
    assertThat(storage.files.keySet()).as(when).allMatch(file -> file.contains("step-40"));
  }

  private static CrashingStorage two() throws IOException {
    CrashingStorage storage = new CrashingStorage();
    for (long step : List.of(10L, 20L)) {
      try (Checkpoint checkpoint = Checkpoints.at(step)) {
        store(storage).write(checkpoint);
      }
    }
    return storage;
  }

  private static long operationsOfOne() throws IOException {
    CrashingStorage storage = two();
    long before = storage.operations;
    third(storage);
    return storage.operations - before;
  }

  /** Whether the writing returned; removing old ones may then have failed. */
  private static boolean third(CrashingStorage storage) {
    try (Checkpoint checkpoint = Checkpoints.at(30)) {
      store(storage).write(checkpoint);
    } catch (IOException dead) {
      return false;
    }
    try {
      store(storage).retain(new Retention(2, Duration.ZERO));
    } catch (IOException dead) {
      return true;
    }
    return true;
  }

  @Test
  void everyChangedByteIsNoticed() throws IOException {
    CrashingStorage storage = new CrashingStorage();
    try (Checkpoint checkpoint = Checkpoints.at(10)) {
      store(storage).write(checkpoint);
    }
    for (String file : List.copyOf(storage.files.keySet())) {
      byte[] whole = storage.files.get(file);
      for (int at = 0; at < whole.length; at++) {
        byte[] changed = whole.clone();
        changed[at] ^= (byte) (1 << at % 8);
        storage.files.put(file, changed);
        assertThat(store(storage).newest()).as("%s, byte %d", file, at).isEmpty();
      }
      storage.files.put(file, java.util.Arrays.copyOf(whole, whole.length - 1));
      assertThat(store(storage).newest()).as("%s, cut off", file).isEmpty();
      storage.files.put(file, java.util.Arrays.copyOf(whole, whole.length + 1));
      assertThat(store(storage).newest()).as("%s, longer", file).isEmpty();
      storage.files.remove(file);
      assertThat(store(storage).newest()).as("%s, missing", file).isEmpty();
      storage.files.put(file, whole);
    }
    try (Checkpoint read = store(storage).newest().orElseThrow()) {
      assertThat(read.run().position().step()).isEqualTo(10);
    }
  }

  @Test
  void aDamagedOneIsPassedOver() throws IOException {
    CrashingStorage storage = two();
    storage.files.replaceAll(
        (name, bytes) ->
            name.contains("step-20") && name.endsWith(CheckpointFolder.UPDATER)
                ? new byte[bytes.length]
                : bytes);
    try (Checkpoint read = store(storage).newest().orElseThrow()) {
      assertThat(read.run().position().step()).isEqualTo(10);
    }
  }

  @Test
  void openingADamagedOneByNameFails() throws IOException {
    CheckpointStore store = new CheckpointStore(new LocalStorage(folder), NOW);
    Path written;
    try (Checkpoint checkpoint = Checkpoints.at(10)) {
      written = folder.resolve(store.write(checkpoint).toString());
    }
    Files.write(written.resolve(CheckpointFolder.RUN), new byte[] {1});
    assertThatThrownBy(() -> CheckpointStore.open(new LocalStorage(written)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("run.json is damaged");
  }

  @Test
  void countAndAgeDecideWhatIsKept() throws IOException {
    CrashingStorage storage = new CrashingStorage();
    Instant start = NOW.instant();
    for (int day = 0; day < 6; day++) {
      Clock then = Clock.fixed(start.plus(Duration.ofDays(day)), ZoneOffset.UTC);
      try (Checkpoint checkpoint = Checkpoints.at(day)) {
        new CheckpointStore(storage, then).write(checkpoint);
      }
    }
    Clock now = Clock.fixed(start.plus(Duration.ofDays(6)), ZoneOffset.UTC);
    CheckpointStore store = new CheckpointStore(storage, now);
    store.retain(new Retention(5, Duration.ofDays(3)));
    assertThat(steps(store)).containsExactly(3L, 4L, 5L);
    store.retain(new Retention(2, Duration.ZERO));
    assertThat(steps(store)).containsExactly(4L, 5L);
    store.retain(new Retention(2, Duration.ofMillis(1)));
    assertThat(steps(store)).as("the newest is kept however old it is").containsExactly(5L);
  }

  private static List<Long> steps(CheckpointStore store) throws IOException {
    return store.committed().stream().map(CheckpointName::step).toList();
  }

  @Test
  void strangersInTheDirectoryAreLeftAlone() throws IOException {
    CrashingStorage storage = two();
    storage.files.put("README", new byte[3]);
    storage.files.put("checkpoint-x/manifest.json", new byte[3]);
    store(storage).clear();
    assertThat(storage.files.keySet()).containsExactly("README", "checkpoint-x/manifest.json");
  }

  /** Whatever bytes are in the files, reading them ends, with a checkpoint or without. */
  @Property(tries = 2000)
  void anyBytesAreReadOrRefused(
      @ForAll @IntRange(max = 4) int file, @ForAll @Size(max = 400) byte[] bytes)
      throws IOException {
    CrashingStorage storage = new CrashingStorage();
    try (Checkpoint checkpoint = Checkpoints.at(10)) {
      store(storage).write(checkpoint);
    }
    String name = List.copyOf(storage.files.keySet()).get(file);
    Map<String, byte[]> before = new TreeMap<>(storage.files);
    storage.files.put(name, bytes);
    assertThat(store(storage).newest()).isEmpty();
    assertThat(before.get(name)).isNotEqualTo(bytes);
  }
}
