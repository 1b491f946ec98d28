package io.stagecoach.model;

import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;

/** A ready model, made to measure for the data and by a few settings. */
public interface ModelPreset {

  /** Its name in settings. */
  String name();

  /** What it is for, one sentence. */
  String description();

  /** Every setting that it knows. */
  List<PresetSetting> settings();

  /**
   * The model.
   *
   * @param shape what the data is like
   * @param settings values by the names of {@link #settings()}; what is left out has its default
   * @throws io.stagecoach.error.StagecoachException of kind {@code CONFIGURATION} where a name is
   *     not known, a value not allowed, or the preset not for such data
   */
  MultiLayerConfiguration configuration(DataShape shape, Map<String, String> settings);
}
