package io.stagecoach.engine.dl4j;

import io.stagecoach.model.SharesParameters;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.conf.CacheMode;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.Layer;

/** Makes the runtime configuration of a contiguous run of nodes. */
final class StageConfiguration {

  private StageConfiguration() {}

  /**
   * Reads a fresh configuration and keeps some of its layers. Always from JSON: DL4J's {@code
   * clone()} shares the objects that hold dropout masks.
   *
   * @param json the whole model's configuration, checked before
   */
  static MultiLayerConfiguration slice(String json, int firstLayer, int endLayer) {
    return slice(json, firstLayer, endLayer, SharesParameters::withOwnCopies);
  }

  /** As {@link #slice(String, int, int)}, but that shared parameters are their owners' only. */
  static MultiLayerConfiguration ownOnly(String json, int firstLayer, int endLayer) {
    return slice(json, firstLayer, endLayer, SharesParameters::withoutShared);
  }

  private static MultiLayerConfiguration slice(
      String json, int firstLayer, int endLayer, Function<SharesParameters, Layer> alone) {
    MultiLayerConfiguration configuration = MultiLayerConfiguration.fromJson(json);
    configuration.setConfs(new ArrayList<>(configuration.getConfs().subList(firstLayer, endLayer)));
    configuration.getConfs().forEach(layer -> standAlone(layer, alone));
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

  /**
   * The owner of what a layer shares may be in another stage, and each use brings its own gradient
   * wherever it is.
   */
  private static void standAlone(
      NeuralNetConfiguration layer, Function<SharesParameters, Layer> alone) {
    if (layer.getLayer() instanceof SharesParameters sharing) {
      layer.setLayer(alone.apply(sharing));
    }
  }

  /**
   * Reads a fresh configuration and keeps some of its vertices. What they read from outside becomes
   * an input of the network.
   *
   * @param json the whole model's configuration, checked before
   */
  static ComputationGraphConfiguration slice(String json, StageSlice slice) {
    return slice(json, slice, SharesParameters::withOwnCopies);
  }

  /** As {@link #slice(String, StageSlice)}, but that shared parameters are their owners' only. */
  static ComputationGraphConfiguration ownOnly(String json, StageSlice slice) {
    return slice(json, slice, SharesParameters::withoutShared);
  }

  private static ComputationGraphConfiguration slice(
      String json, StageSlice slice, Function<SharesParameters, Layer> alone) {
    ComputationGraphConfiguration configuration = ComputationGraphConfiguration.fromJson(json);
    List<String> names = slice.nodes().stream().map(ModelNode::name).toList();
    Map<String, GraphVertex> vertices = new LinkedHashMap<>();
    Map<String, List<String>> inputs = new LinkedHashMap<>();
    for (ModelNode node : slice.nodes()) {
      GraphVertex vertex = configuration.getVertices().get(node.name());
      if (vertex instanceof LayerVertex layer) {
        standAlone(layer.getLayerConf(), alone);
      }
      vertices.put(node.name(), vertex);
      inputs.put(node.name(), node.inputs());
    }
    List<String> outside = new ArrayList<>(slice.inputs());
    outside.addAll(slice.received());
    List<String> order = new ArrayList<>(outside);
    order.addAll(names);
    configuration.setVertices(vertices);
    configuration.setVertexInputs(inputs);
    configuration.setNetworkInputs(outside);
    configuration.setNetworkOutputs(slice.outputs());
    // The whole model's order, so that parameters stay an interval of its flat vector.
    configuration.setTopologicalOrder(IntStream.range(0, order.size()).toArray());
    configuration.setTopologicalOrderStr(order);
    configuration.setTrainingWorkspaceMode(WorkspaceMode.NONE);
    configuration.setInferenceWorkspaceMode(WorkspaceMode.NONE);
    configuration.setCacheMode(CacheMode.NONE);
    return configuration;
  }
}
