package io.stagecoach.spark.job;

import io.stagecoach.checkpoint.Checkpoint;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.report.BestFigures;
import io.stagecoach.report.ReportJson;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The weights that a run saves at its end: the last ones, or those of its best validation.
 *
 * @param updater the model with them
 * @param step after how many steps they were its weights
 * @param validation what was measured of them, by name
 * @param restored whether the model was made for this, and is closed with it
 */
record WeightsToSave(
    Dl4jModelUpdater updater, long step, Map<String, Double> validation, boolean restored)
    implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(WeightsToSave.class);

  /** The last ones. */
  static WeightsToSave last(Dl4jModelUpdater model, long step, Map<String, Double> validation) {
    return new WeightsToSave(model, step, validation, false);
  }

  /** The best ones, where they are not the last ones and were kept. */
  WeightsToSave orBest(Optional<BestKeeping> keeping, BestFigures best) {
    if (keeping.isEmpty() || best.step() == step) {
      return this;
    }
    try (Checkpoint kept = keeping.get().find(best).orElse(null)) {
      if (kept == null) {
        LOG.warn(
            "The weights of the best validation, after step {}, were not kept: the last ones are"
                + " saved",
            best.step());
        return this;
      }
      LOG.info("The weights of step {}, of the best validation, are saved", best.step());
      return new WeightsToSave(
          RestoredModel.of(kept),
          best.step(),
          ReportJson.read(kept.run().history()).validation(),
          true);
    }
  }

  @Override
  public void close() {
    if (restored) {
      updater.close();
    }
  }
}
