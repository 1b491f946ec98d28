package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.cluster.StageSlices.SliceState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/**
 * Where the driver waits for the slices that it has asked stages for. Those of another number of
 * updates, and those that nobody waits for, are closed.
 */
final class SliceIntake implements AutoCloseable {

  private final Map<Integer, SliceState> came = new TreeMap<>();
  private List<Integer> wanted = List.of();
  private long updates = -1;

  /** How many executors may still send something. */
  private int sources;

  private BooleanSupplier isOver = () -> true;

  private StagecoachException failure;

  /** Begins a wait for slices of stages at work, each of which will send its own. */
  synchronized void open(List<Integer> stages, long updatesSeen) {
    drop();
    sources = 0;
    wanted = List.copyOf(stages);
    updates = updatesSeen;
    isOver = () -> came.size() == wanted.size();
  }

  /**
   * Begins a wait for what there is of some slices. What executors send stays theirs until all of
   * it is here.
   *
   * @param from how many executors send what they have, and then that it was all
   */
  synchronized void open(List<Integer> stages, long updatesSeen, int from) {
    open(stages, updatesSeen);
    sources = from;
    isOver = () -> sources == 0;
  }

  /** A slice came; owned by this. */
  synchronized void arrive(int stage, long updatesSeen, SliceState state) {
    if (!wanted.contains(stage) || came.containsKey(stage) || updatesSeen != updates) {
      state.close();
      return;
    }
    came.put(stage, state);
    notifyAll();
  }

  /** An executor has sent all that it has. */
  synchronized void ended() {
    sources--;
    notifyAll();
  }

  /** Ends this wait and all later ones; only the first cause counts. */
  synchronized void fail(StagecoachException cause) {
    if (failure == null) {
      failure = cause;
      notifyAll();
    }
  }

  /**
   * Waits until all have sent what they were asked for.
   *
   * @return what came, by stage, for the caller to close
   */
  synchronized Map<Integer, SliceState> await(Duration deadline) {
    long end = System.nanoTime() + deadline.toNanos();
    try {
      while (!isOver.getAsBoolean()) {
        if (failure != null) {
          throw failure;
        }
        long left = (end - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
          throw late(deadline);
        }
        wait(left);
      }
      Map<Integer, SliceState> all = new TreeMap<>(came);
      came.clear();
      return all;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StagecoachException(
          ErrorKind.INTERRUPTED,
          "The run was interrupted while stages sent their weights",
          Where.nowhere(),
          "",
          e);
    } finally {
      drop();
    }
  }

  private List<Integer> missing() {
    List<Integer> missing = new ArrayList<>(wanted);
    missing.removeAll(came.keySet());
    return missing;
  }

  private StagecoachException late(Duration deadline) {
    return new StagecoachException(
        ErrorKind.DEADLINE,
        "No weights of update "
            + updates
            + " came from stages "
            + missing()
            + " within "
            + deadline.toSeconds()
            + " s",
        "Look at their executors' logs; raise spark.stagecoach.deadline.step if the network is that"
            + " slow.");
  }

  private void drop() {
    came.values().forEach(SliceState::close);
    came.clear();
    wanted = List.of();
  }

  @Override
  public synchronized void close() {
    drop();
    fail(
        new StagecoachException(
            ErrorKind.EXECUTOR_LOST, "The stages have ended", "Place them anew."));
  }
}
