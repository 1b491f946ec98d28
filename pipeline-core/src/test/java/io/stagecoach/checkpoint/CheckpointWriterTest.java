package io.stagecoach.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.batch.ChunkStorage;
import io.stagecoach.engine.StateLayout;
import io.stagecoach.engine.StateLayout.Place;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class CheckpointWriterTest {

  private static final StateLayout LAYOUT =
      new StateLayout(
          List.of(new Place("0_W", 0, List.of(2L, 3L), 'f'), new Place("0_b", 6, List.of(2L), 'c')),
          List.of(new Place("0_W.0", 0, List.of(2L, 3L), 'f')));

  private final INDArray weights = Nd4j.zeros(DataType.FLOAT, 8);
  private final INDArray state = Nd4j.zeros(DataType.FLOAT, 6);
  private final CrashingStorage storage = new CrashingStorage();
  private final CheckpointStore store = new CheckpointStore(storage, Clock.systemUTC());

  @AfterEach
  void close() {
    weights.close();
    state.close();
  }

  private CheckpointWriter writer(CheckpointStore to, Duration deadline) {
    return new CheckpointWriter(to, new Retention(2, Duration.ZERO), LAYOUT, "{}", deadline);
  }

  /** The run goes on with its next update while the first is written. */
  @Test
  void whatIsWrittenIsTheStateWhenItWasOffered() throws Exception {
    SlowStorage slow = new SlowStorage(storage);
    try (CheckpointWriter writer =
        writer(new CheckpointStore(slow, Clock.systemUTC()), Duration.ofSeconds(20))) {
      weights.assign(1);
      state.assign(2);
      assertThat(writer.offer(weights, state, () -> Checkpoints.run(1))).isTrue();
      weights.assign(3);
      state.assign(4);
      assertThat(slow.reached.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(writer.offer(weights, state, () -> Checkpoints.run(2)))
          .as("one is being written")
          .isFalse();
      slow.go.countDown();
      writer.writeNow(weights, state, Checkpoints.run(3));
      assertThat(writer.figures().written()).isEqualTo(2);
      assertThat(writer.figures().postponed()).isEqualTo(1);
    }
    assertWeights(3, 3, 4);
    storage.delete(store.committed().get(1).toString());
    assertWeights(1, 1, 2);
  }

  private void assertWeights(long step, double weight, double updater) throws IOException {
    try (Checkpoint newest = store.newest().orElseThrow()) {
      assertThat(newest.run().position().step()).isEqualTo(step);
      assertThat(newest.weights().get("0_W").ordering()).isEqualTo('f');
      assertThat(newest.weights().get("0_W").dup('c').reshape(6).toDoubleVector())
          .containsOnly(weight);
      assertThat(newest.weights().get("0_b").toDoubleVector()).containsOnly(weight);
      assertThat(newest.updaterState().get("0_W.0").dup('c').reshape(6).toDoubleVector())
          .containsOnly(updater);
    }
  }

  @Test
  void onlySoManyAreKept() throws IOException {
    try (CheckpointWriter writer = writer(store, Duration.ofSeconds(20))) {
      for (int step = 1; step <= 5; step++) {
        writer.writeNow(weights, state, Checkpoints.run(step));
      }
    }
    assertThat(store.committed().stream().map(CheckpointName::step)).containsExactly(4L, 5L);
  }

  @Test
  void aFailedWriteIsCountedAndTheNextOneIsTried() throws IOException {
    try (CheckpointWriter writer = writer(store, Duration.ofSeconds(20))) {
      storage.dieAfterOperations(3);
      writer.offer(weights, state, () -> Checkpoints.run(1));
      assertThatThrownBy(() -> writer.writeNow(weights, state, Checkpoints.run(2)))
          .isInstanceOfSatisfying(
              StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.OUTPUT))
          .hasMessageContaining("memory");
      storage.restart();
      weights.assign(7);
      writer.writeNow(weights, state, Checkpoints.run(3));
      assertThat(writer.figures().failed()).isEqualTo(2);
      assertThat(writer.figures().written()).isEqualTo(1);
    }
    assertWeights(3, 7, 0);
  }

  @Test
  void aStorageThatHangsDoesNotHoldUpTheEnd() throws InterruptedException {
    SlowStorage hangs = new SlowStorage(storage);
    CheckpointWriter writer =
        writer(new CheckpointStore(hangs, Clock.systemUTC()), Duration.ofMillis(50));
    writer.offer(weights, state, () -> Checkpoints.run(1));
    assertThat(hangs.reached.await(10, TimeUnit.SECONDS)).isTrue();
    assertThatThrownBy(() -> writer.writeNow(weights, state, Checkpoints.run(2)))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.DEADLINE));
    writer.close();
    assertThat(storage.files).isEmpty();
  }

  /** Holds the first file until it is told to go. */
  private static final class SlowStorage implements ChunkStorage {
    private static final long serialVersionUID = 1L;

    private final transient CountDownLatch reached = new CountDownLatch(1);
    private final transient CountDownLatch go = new CountDownLatch(1);
    private final CrashingStorage to;

    SlowStorage(CrashingStorage to) {
      this.to = to;
    }

    @Override
    public OutputStream create(String name) throws IOException {
      reached.countDown();
      try {
        go.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("given up", e);
      }
      return to.create(name);
    }

    @Override
    public InputStream open(String name) throws IOException {
      return to.open(name);
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
