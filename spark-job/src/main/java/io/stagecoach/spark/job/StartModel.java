package io.stagecoach.spark.job;

import io.stagecoach.engine.dl4j.Dl4jModel;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.ModelPresets;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.JobData;
import io.stagecoach.spark.data.Learned;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;

/**
 * The model that a run starts from.
 *
 * @param updater weights and updater state
 * @param learned what an earlier run learned from its data, where the model comes from one
 */
record StartModel(Dl4jModelUpdater updater, Optional<Learned> learned) implements AutoCloseable {

  /**
   * The model that the settings name: a saved network, a configuration with fresh weights, or a
   * preset made to measure for the data.
   */
  static StartModel of(StagecoachConf conf, JobData data, Configuration hadoop) {
    StartModel model = named(conf, data, hadoop);
    WireTypeCheck.check(conf.wireType(), model.updater().parameters().dataType());
    return model;
  }

  private static StartModel named(StagecoachConf conf, JobData data, Configuration hadoop) {
    ModelFileAccess files = new ModelFileAccess(hadoop);
    if (conf.modelFrom().isPresent()) {
      SavedModel saved = SavedModel.read(files, conf.modelFrom().get());
      return new StartModel(saved.updater(), Optional.of(saved.learned()));
    }
    if (conf.modelConfig().isPresent()) {
      String path = conf.modelConfig().get();
      String json = files.read(Settings.MODEL_CONFIG.key(), path);
      return new StartModel(
          ModelFileAccess.naming(path, () -> Dl4jModelUpdater.create(json)), Optional.empty());
    }
    if (conf.modelPreset().isPresent()) {
      MultiLayerConfiguration preset =
          ModelPresets.named(conf.modelPreset().get())
              .configuration(data.shape(), conf.modelPresetSettings());
      return new StartModel(Dl4jModelUpdater.create(preset.toJson()), Optional.empty());
    }
    throw new StagecoachException(
        ErrorKind.CONFIGURATION,
        "No model is named",
        "Set one of "
            + Settings.MODEL_PRESET.key()
            + ", "
            + Settings.MODEL_CONFIG.key()
            + " and "
            + Settings.MODEL_FROM.key()
            + ".");
  }

  /** What is cut. */
  Dl4jModel model() {
    return updater.model();
  }

  @Override
  public void close() {
    updater.close();
  }
}
