package io.stagecoach.engine.dl4j;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A {@code MultiLayerNetwork}: every layer is a node, named by its index, and reads the one before.
 *
 * @param configuration DL4J's own; not changed
 */
public record LayersModel(MultiLayerConfiguration configuration) implements Dl4jModel {

  /** What the features are called: no layer has such a name. */
  static final String INPUT = "in";

  @Override
  public String json() {
    return configuration.toJson();
  }

  @Override
  public DataType dataType() {
    return configuration.getDataType();
  }

  @Override
  public boolean isTruncated() {
    return configuration.getBackpropType() == BackpropType.TruncatedBPTT;
  }

  @Override
  public int segmentLength() {
    return configuration.getTbpttFwdLength();
  }

  @Override
  public List<String> inputs() {
    return List.of(INPUT);
  }

  @Override
  public List<String> outputs() {
    return List.of(Integer.toString(configuration.getConfs().size() - 1));
  }

  @Override
  public List<ModelNode> nodes() {
    List<ModelNode> nodes = new ArrayList<>();
    for (int i = 0; i < configuration.getConfs().size(); i++) {
      nodes.add(
          new ModelNode(
              Integer.toString(i),
              List.of(i == 0 ? INPUT : Integer.toString(i - 1)),
              new ModelNode.Layered(
                  configuration.getConf(i),
                  Optional.ofNullable(configuration.getInputPreProcess(i)))));
    }
    return nodes;
  }

  @Override
  public Set<String> alsoReads(ModelNode node) {
    return Set.of();
  }
}
