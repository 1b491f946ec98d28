package io.stagecoach.spark.job;

import io.stagecoach.checkpoint.Checkpoint;
import io.stagecoach.checkpoint.CheckpointStore;
import io.stagecoach.checkpoint.CheckpointWriter;
import io.stagecoach.checkpoint.Position;
import io.stagecoach.checkpoint.Retention;
import io.stagecoach.checkpoint.RunState;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.report.BestFigures;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps weights and updater state of a run's best validation, so that they can be saved in the
 * place of the last ones. They are written before the run takes another step: what a later
 * checkpoint says is the best is there when a run goes on from it.
 */
final class BestKeeping implements ValidationWatch.BestListener, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(BestKeeping.class);

  /** A run that goes on a step before the newest best one knows the one before. */
  private static final Retention TWO = new Retention(2, Duration.ZERO);

  private final CheckpointStore store;
  private final Dl4jModelUpdater model;
  private final Function<Position, RunState> state;
  private final CheckpointWriter writer;

  /**
   * @param store where they are kept, apart from the run's checkpoints
   * @param model whose they are
   * @param state the rest of the run's state at a position
   * @param deadline how long to wait for the storage
   */
  BestKeeping(
      CheckpointStore store,
      Dl4jModelUpdater model,
      Function<Position, RunState> state,
      Duration deadline) {
    this.store = store;
    this.model = model;
    this.state = state;
    this.writer = new CheckpointWriter(store, TWO, model.stateLayout(), model.json(), deadline);
  }

  @Override
  public void better(BestFigures best) {
    try {
      writer.writeNow(
          model.parameters(),
          model.flatUpdaterState(),
          state.apply(new Position(best.step(), best.epoch(), 0, 0)));
    } catch (StagecoachException e) {
      // To end the run would lose more than its best weights.
      LOG.warn("The best weights so far are not kept: {}", e.what());
    }
  }

  /** What was kept of the best validation, for the caller to own. */
  Optional<Checkpoint> find(BestFigures best) {
    if (!best.found()) {
      return Optional.empty();
    }
    try {
      return store.newestOfStep(best.step());
    } catch (IOException e) {
      LOG.warn("The best weights cannot be read from {}: {}", store.storage(), e.toString());
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    writer.close();
  }
}
