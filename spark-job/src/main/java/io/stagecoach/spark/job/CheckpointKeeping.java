package io.stagecoach.spark.job;

import io.stagecoach.checkpoint.CheckpointWriter;
import io.stagecoach.checkpoint.Interval;
import io.stagecoach.checkpoint.Position;
import io.stagecoach.checkpoint.RunState;
import io.stagecoach.checkpoint.WriterFigures;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.sync.Synchronizer;
import io.stagecoach.sync.WeightUpdates;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a run's checkpoints: at the interval, and when it is to end early. Only between
 * mini-batches, for in between recurrent states are with the stages. The step loop's thread calls
 * it.
 */
final class CheckpointKeeping implements TrainingLoop.MiniBatchListener, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(CheckpointKeeping.class);

  /** Errors that come from outside of the driver: what it holds is whole. */
  private static final Set<ErrorKind> FROM_OUTSIDE =
      EnumSet.of(
          ErrorKind.CLUSTER,
          ErrorKind.DEADLINE,
          ErrorKind.EXECUTOR_LOST,
          ErrorKind.PEER,
          ErrorKind.INTERRUPTED);

  private final Interval interval;
  private final CheckpointWriter writer;
  private final Dl4jModelUpdater model;
  private final WeightUpdates updates;
  private final BiFunction<Position, Synchronizer.Counts, RunState> state;
  private final LongSupplier nanoClock;

  private Position position;
  private Synchronizer.Counts counts;
  private Position taken;
  private long takenAt;

  /**
   * @param interval how often
   * @param writer writes them; closed with this
   * @param model whose weights and updater state they have
   * @param updates counts them, and knows who has the weights
   * @param state the rest of the run's state at a position
   * @param from where the run begins
   */
  CheckpointKeeping(
      Interval interval,
      CheckpointWriter writer,
      Dl4jModelUpdater model,
      WeightUpdates updates,
      BiFunction<Position, Synchronizer.Counts, RunState> state,
      Position from,
      LongSupplier nanoClock) {
    this.interval = interval;
    this.writer = writer;
    this.model = model;
    this.updates = updates;
    this.state = state;
    this.nanoClock = nanoClock;
    this.position = from;
    this.counts = updates.counts();
    this.taken = from;
    this.takenAt = nanoClock.getAsLong();
  }

  @Override
  public void miniBatchEnded(Position reached) {
    position = reached;
    counts = updates.counts();
    long now = nanoClock.getAsLong();
    if (interval.isDue(position.step() - taken.step(), now - takenAt)
        && writer.offer(model.parameters(), model.flatUpdaterState(), this::gathered)) {
      taken = position;
      takenAt = now;
    }
  }

  /** The writer asks for it once it is sure to take a copy of the weights. */
  private RunState gathered() {
    updates.gather();
    return state();
  }

  private RunState state() {
    return state.apply(position, counts);
  }

  /**
   * Writes a checkpoint now and waits until it is there, however long the last one is ago: for
   * whoever ends the run. Does nothing where there are none, before the first step, and in the
   * middle of a mini-batch whose first segments have changed the weights already.
   *
   * @throws StagecoachException OUTPUT if it cannot be written, DEADLINE if the storage hangs
   */
  void now() {
    boolean betweenMiniBatches = counts.equals(updates.counts());
    if (interval.isNever() || position.step() == 0 || !betweenMiniBatches) {
      return;
    }
    updates.gather();
    writer.writeNow(model.parameters(), model.flatUpdaterState(), state());
    taken = position;
    takenAt = nanoClock.getAsLong();
  }

  /** Saves what is there when the run fails by something outside of it; the failure stays first. */
  void lastly(StagecoachException failure) {
    if (!FROM_OUTSIDE.contains(failure.kind()) || position.equals(taken)) {
      return;
    }
    try {
      now();
    } catch (RuntimeException e) {
      LOG.warn("No last checkpoint: {}", e.getMessage());
    }
  }

  /** What the checkpoints have cost so far. */
  WriterFigures figures() {
    return writer.figures();
  }

  /** Waits for the one that is being written; there are no more. */
  void finish() {
    writer.close();
  }

  @Override
  public void close() {
    finish();
  }
}
