package io.stagecoach.model.gpt;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Cuts a layer's flat vector into the parameters that its configuration lists, one after the other,
 * each in c order. Weights are DL4J's weight parameters, gains and biases its bias parameters:
 * weight decay leaves those alone.
 */
final class FlatParameters implements ParamInitializer {

  static final FlatParameters INSTANCE = new FlatParameters();

  private FlatParameters() {}

  private static List<Parameter> of(Layer layer) {
    return ((HasParameters) layer).parameters();
  }

  @Override
  public long numParams(NeuralNetConfiguration configuration) {
    return numParams(configuration.getLayer());
  }

  @Override
  public long numParams(Layer layer) {
    return of(layer).stream().mapToLong(Parameter::length).sum();
  }

  @Override
  public List<String> paramKeys(Layer layer) {
    return of(layer).stream().map(Parameter::name).toList();
  }

  @Override
  public List<String> weightKeys(Layer layer) {
    return of(layer).stream().filter(Parameter::isWeight).map(Parameter::name).toList();
  }

  @Override
  public List<String> biasKeys(Layer layer) {
    return of(layer).stream().filter(p -> !p.isWeight()).map(Parameter::name).toList();
  }

  @Override
  public boolean isWeightParam(Layer layer, String key) {
    return weightKeys(layer).contains(key);
  }

  @Override
  public boolean isBiasParam(Layer layer, String key) {
    return biasKeys(layer).contains(key);
  }

  @Override
  public Map<String, INDArray> init(
      NeuralNetConfiguration configuration, INDArray flat, boolean initialize) {
    Map<String, INDArray> table = getGradientsFromFlattened(configuration, flat);
    for (Parameter parameter : of(configuration.getLayer())) {
      configuration.addVariable(parameter.name());
      if (initialize) {
        initialize(parameter, table.get(parameter.name()));
      }
    }
    return Collections.synchronizedMap(table);
  }

  private static void initialize(Parameter parameter, INDArray view) {
    if (parameter.deviation() > 0) {
      view.assign(
          Nd4j.randn(view.dataType(), view.shape())
              .muli(parameter.deviation())
              .addi(parameter.constant()));
    } else {
      view.assign(parameter.constant());
    }
  }

  @Override
  public Map<String, INDArray> getGradientsFromFlattened(
      NeuralNetConfiguration configuration, INDArray flat) {
    Map<String, INDArray> table = new LinkedHashMap<>();
    long offset = 0;
    INDArray vector = flat == null ? null : flat.reshape(flat.length());
    for (Parameter parameter : of(configuration.getLayer())) {
      long end = offset + parameter.length();
      table.put(
          parameter.name(),
          vector.get(NDArrayIndex.interval(offset, end)).reshape('c', parameter.dimensions()));
      offset = end;
    }
    return table;
  }
}
