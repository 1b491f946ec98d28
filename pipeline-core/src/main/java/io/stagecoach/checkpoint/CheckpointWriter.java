package io.stagecoach.checkpoint;

import io.stagecoach.engine.StateLayout;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a run's checkpoints beside its steps, which are held up for a copy of weights and updater
 * state only; the copy's memory is used again. One is written at a time: what is due meanwhile is
 * taken after the next step that finds the writer free.
 *
 * <p>A checkpoint that cannot be written is counted and logged, and never ends the run: its state
 * is in memory, and whoever ended it would lose what the checkpoint was to save. Only {@link
 * #writeNow}, which is asked for because the run ends, fails. One thread calls it.
 */
public final class CheckpointWriter implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(CheckpointWriter.class);

  private final CheckpointStore store;
  private final Retention retention;
  private final StateLayout layout;
  private final String model;
  private final Duration deadline;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread writer = new Thread(task, "stagecoach-checkpoint");
            writer.setDaemon(true);
            return writer;
          });

  private INDArray weightsCopy;
  private INDArray updaterCopy;
  private Future<?> underWay;
  private long postponed;
  private long heldNanos;

  // What the writing thread counts; guarded by this.
  private long written;
  private long failed;
  private long writeNanos;
  private int failedInARow;

  /**
   * @param layout how the flat vectors are made of named tensors
   * @param model the model's configuration
   * @param deadline how long to wait for the checkpoint under way, where it must be waited for
   */
  public CheckpointWriter(
      CheckpointStore store,
      Retention retention,
      StateLayout layout,
      String model,
      Duration deadline) {
    this.store = store;
    this.retention = retention;
    this.layout = layout;
    this.model = model;
    this.deadline = deadline;
  }

  /**
   * Takes a copy and has it written, unless one is being written.
   *
   * @param weights the whole model's flat weights, borrowed until this returns
   * @param updaterState the updater's flat state, borrowed until this returns
   * @param state the rest of the state, asked for where it is taken
   * @return whether it was taken
   */
  public boolean offer(INDArray weights, INDArray updaterState, Supplier<RunState> state) {
    if (underWay != null && !underWay.isDone()) {
      postponed++;
      return false;
    }
    long start = System.nanoTime();
    RunState run = state.get();
    try {
      weightsCopy = copy(weights, weightsCopy);
      updaterCopy = copy(updaterState, updaterCopy);
    } catch (OutOfMemoryError e) {
      LOG.warn("No memory for a copy of the state: steps wait while a checkpoint is written", e);
      writeQuietly(weights, updaterState, run);
      heldNanos += System.nanoTime() - start;
      return true;
    }
    underWay = thread.submit(() -> writeQuietly(weightsCopy, updaterCopy, run));
    heldNanos += System.nanoTime() - start;
    return true;
  }

  private static INDArray copy(INDArray from, INDArray to) {
    if (from.isEmpty()) {
      return from;
    }
    return to == null ? from.dup() : to.assign(from);
  }

  /**
   * Writes a checkpoint now and waits for it, after the one under way.
   *
   * @throws StagecoachException OUTPUT if it cannot be written, DEADLINE if the one under way does
   *     not end
   */
  public void writeNow(INDArray weights, INDArray updaterState, RunState run) {
    long start = System.nanoTime();
    awaitWriter();
    try {
      write(weights, updaterState, run);
    } catch (IOException | RuntimeException e) {
      throw new StagecoachException(
          ErrorKind.OUTPUT,
          "The last checkpoint could not be written to " + store.storage() + ": " + e.getMessage(),
          Where.nowhere().atStep(run.position().step()),
          "Check that the job may write there, and the space that is left.",
          e);
    } finally {
      heldNanos += System.nanoTime() - start;
    }
  }

  private void writeQuietly(INDArray weights, INDArray updaterState, RunState run) {
    try {
      write(weights, updaterState, run);
    } catch (IOException | RuntimeException e) {
      LOG.warn(
          "The checkpoint at step {} could not be written to {} ({} in a row); the run goes on: {}",
          run.position().step(),
          store.storage(),
          failuresInARow(),
          e.toString());
    }
  }

  private synchronized int failuresInARow() {
    return failedInARow;
  }

  private void write(INDArray weights, INDArray updaterState, RunState run) throws IOException {
    long start = System.nanoTime();
    boolean done = false;
    CheckpointName name;
    try (Checkpoint checkpoint =
        new Checkpoint(
            run,
            model,
            StateLayout.views(layout.weights(), weights),
            StateLayout.views(layout.updater(), updaterState))) {
      name = store.write(checkpoint);
      done = true;
    } finally {
      count(done, System.nanoTime() - start);
    }
    LOG.info("Checkpoint {} is written to {}", name, store.storage());
    try {
      store.retain(retention);
    } catch (IOException e) {
      LOG.warn("Old checkpoints in {} could not be removed: {}", store.storage(), e.toString());
    }
  }

  private synchronized void count(boolean done, long nanos) {
    writeNanos += nanos;
    if (done) {
      written++;
      failedInARow = 0;
    } else {
      failed++;
      failedInARow++;
    }
  }

  /** Waits until nothing is being written. */
  private void awaitWriter() {
    if (underWay == null) {
      return;
    }
    try {
      underWay.get(deadline.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StagecoachException(
          ErrorKind.INTERRUPTED,
          "The run was interrupted while a checkpoint was written",
          Where.nowhere(),
          "",
          e);
    } catch (TimeoutException e) {
      throw new StagecoachException(
          ErrorKind.DEADLINE,
          "A checkpoint was not written to "
              + store.storage()
              + " within "
              + deadline.toSeconds()
              + " s",
          Where.nowhere(),
          "Look at the storage that holds the checkpoints.",
          e);
    } catch (ExecutionException e) {
      // An Error: what can be caught has been logged.
      LOG.error("Writing a checkpoint failed", e.getCause());
    }
  }

  /** What it has cost so far. */
  public synchronized WriterFigures figures() {
    return new WriterFigures(written, failed, postponed, heldNanos, writeNanos);
  }

  /** Waits for what is being written, and ends; what does not end in time is given up. */
  @Override
  public void close() {
    boolean ended = false;
    try {
      awaitWriter();
      ended = true;
    } catch (StagecoachException e) {
      LOG.warn("{}: it is given up", e.what());
    }
    thread.shutdownNow();
    if (ended) {
      // Else the thread may still read them.
      release(weightsCopy);
      release(updaterCopy);
    }
  }

  private static void release(INDArray copy) {
    if (copy != null && copy.closeable()) {
      copy.close();
    }
  }
}
