package io.stagecoach.spark.job;

import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.engine.update.UpdateThreads;
import io.stagecoach.spark.cluster.SliceHolder;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.sync.SyncSettings;
import io.stagecoach.sync.Synchronizer;
import io.stagecoach.sync.Synchronizer.Counts;
import io.stagecoach.sync.WeightUpdates;

/**
 * Who updates the weights of a run, as the settings say.
 *
 * @param weights the end of each step
 * @param slices what stages go on from that keep their weights themselves
 */
record Updating(WeightUpdates weights, SliceHolder slices) implements AutoCloseable {

  /**
   * @param model the whole model; closed with this
   * @param before what was counted before
   */
  static Updating of(
      StagecoachConf conf, Dl4jModelUpdater model, TrainingPlan plan, Counts before) {
    SyncSettings settings =
        new SyncSettings(conf.gradientWeight(), conf.clipNorm(), conf.nonFiniteMaxSkips());
    return switch (conf.synchronizer()) {
      case DRIVER -> {
        model.shareUpdates(threads(conf));
        yield new Updating(
            new Synchronizer(model, plan.layouts(model), before, settings), SliceHolder.none());
      }
      case EXECUTOR -> {
        StagesUpdate updates =
            new StagesUpdate(model, plan.layouts(model), plan.replicas(), before, settings);
        yield new Updating(updates, updates);
      }
    };
  }

  /** Among how many threads the driver shares an update. */
  static UpdateThreads threads(StagecoachConf conf) {
    return conf.synchronizerThreads() == 0
        ? UpdateThreads.ofThisProcess()
        : new UpdateThreads(conf.synchronizerThreads());
  }

  @Override
  public void close() {
    weights.close();
  }
}
