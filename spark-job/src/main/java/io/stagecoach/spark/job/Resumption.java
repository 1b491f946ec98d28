package io.stagecoach.spark.job;

import io.stagecoach.checkpoint.Checkpoint;
import io.stagecoach.checkpoint.CheckpointStore;
import io.stagecoach.checkpoint.Fingerprint;
import io.stagecoach.checkpoint.RunState;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.optimizer.OptimizerSettings;
import io.stagecoach.spark.config.DifferingResume;
import io.stagecoach.spark.config.ResumeKind;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The interrupted run, if there is one, and whether this one goes on with it. */
final class Resumption implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Resumption.class);

  private final StagecoachConf conf;
  private final CheckpointStore store;
  private Optional<Checkpoint> found;
  private List<String> accepted = List.of();

  private Resumption(StagecoachConf conf, CheckpointStore store, Optional<Checkpoint> found) {
    this.conf = conf;
    this.store = store;
    this.found = found;
  }

  /**
   * Looks for the newest whole checkpoint.
   *
   * @throws StagecoachException OUTPUT if the place cannot be read
   */
  static Resumption look(StagecoachConf conf, CheckpointStore store) {
    try {
      return new Resumption(
          conf,
          store,
          conf.resume() == ResumeKind.NEVER ? Optional.empty() : store.newestToResume());
    } catch (IOException e) {
      throw CheckpointPlace.unreachable(store.storage(), e);
    }
  }

  /** The settings, with what the interrupted run has chosen and must stay. */
  StagecoachConf settled() {
    return conf.microBatches().isAuto()
        ? found
            .map(checkpoint -> conf.withMicroBatches(checkpoint.run().plan().microBatches()))
            .orElse(conf)
        : conf;
  }

  /**
   * Decides whether to go on, when all that this run depends on is known.
   *
   * @throws StagecoachException CONFIGURATION with what differs, unless that is accepted
   */
  boolean goesOn(Fingerprint now) {
    if (found.isEmpty()) {
      return false;
    }
    RunState run = found.get().run();
    List<String> differences = run.fingerprint().differences(now);
    if (differences.isEmpty()) {
      return true;
    }
    String list = String.join("\n  - ", differences);
    switch (conf.resumeDiffering()) {
      case ACCEPT -> {
        LOG.warn("This is not the run that was interrupted, which is accepted:\n  - {}", list);
        accepted = differences;
        return true;
      }
      case RESTART -> {
        LOG.warn("This is not the run that was interrupted, and begins anew:\n  - {}", list);
        release();
        return false;
      }
      default ->
          throw new StagecoachException(
              ErrorKind.CONFIGURATION,
              "A run that was interrupted at step "
                  + run.position().step()
                  + " has its checkpoints in "
                  + store.storage()
                  + ", and this is not the same run:\n  - "
                  + list
                  + "\n",
              "Set things as they were; or "
                  + Settings.RESUME_DIFFERING.key()
                  + "="
                  + DifferingResume.RESTART.word()
                  + " to begin anew, "
                  + DifferingResume.ACCEPT.word()
                  + " to go on all the same.");
    }
  }

  /** The state that the run goes on from. */
  Optional<RunState> run() {
    return found.map(Checkpoint::run);
  }

  /**
   * The model as it was, in the place of the one that the settings name.
   *
   * @param start the model that the settings name; closed
   * @param optimizer what the settings say of the learning rate, which counts where a difference
   *     was accepted: the checkpoint's configuration has its own
   */
  StartModel restore(StartModel start, OptimizerSettings optimizer) {
    Checkpoint checkpoint = found.orElseThrow();
    start.close();
    StartModel model = new StartModel(RestoredModel.of(checkpoint), start.learned());
    if (!accepted.isEmpty()) {
      model.updater().optimize(optimizer, checkpoint.run().counters().firstUpdate());
    }
    return model;
  }

  /** Notes that no later run is to go on with what is there, because this one begins anew. */
  void beginAnew() {
    try {
      store.noneToResume();
    } catch (IOException e) {
      throw CheckpointPlace.unreachable(store.storage(), e);
    }
  }

  /** Gives the checkpoint's tensors back; there is nothing to go on with any more. */
  void release() {
    found.ifPresent(Checkpoint::close);
    found = Optional.empty();
  }

  @Override
  public void close() {
    release();
  }
}
