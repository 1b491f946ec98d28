package io.stagecoach.engine.dl4j;

import io.stagecoach.model.SharesParameters;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.CacheMode;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;

/** Makes the runtime configuration of a contiguous run of layers. */
final class StageConfiguration {

  private StageConfiguration() {}

  /**
   * Reads a fresh configuration and keeps some of its layers. Always from JSON: DL4J's {@code
   * clone()} shares the objects that hold dropout masks.
   *
   * @param json the whole model's configuration, checked before
   */
  static MultiLayerConfiguration slice(String json, int firstLayer, int endLayer) {
    MultiLayerConfiguration configuration = MultiLayerConfiguration.fromJson(json);
    configuration.setConfs(new ArrayList<>(configuration.getConfs().subList(firstLayer, endLayer)));
    for (NeuralNetConfiguration layer : configuration.getConfs()) {
      // The owner may be in another stage, and each use brings its own gradient wherever it is.
      if (layer.getLayer() instanceof SharesParameters sharing) {
        layer.setLayer(sharing.withOwnCopies());
      }
    }
    Map<Integer, InputPreProcessor> preProcessors = new HashMap<>();
    configuration
        .getInputPreProcessors()
        .forEach(
            (layer, preProcessor) -> {
              if (layer >= firstLayer && layer < endLayer) {
                preProcessors.put(layer - firstLayer, preProcessor);
              }
            });
    configuration.setInputPreProcessors(preProcessors);
    // The replica owns its memory; DL4J's own workspaces have one name for all networks of a
    // thread.
    configuration.setTrainingWorkspaceMode(WorkspaceMode.NONE);
    configuration.setInferenceWorkspaceMode(WorkspaceMode.NONE);
    configuration.setCacheMode(CacheMode.NONE);
    return configuration;
  }
}
