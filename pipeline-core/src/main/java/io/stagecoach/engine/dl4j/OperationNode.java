package io.stagecoach.engine.dl4j;

import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.MaskState;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.impl.FrozenVertex;
import org.deeplearning4j.nn.graph.vertex.impl.PreprocessorVertex;
import org.deeplearning4j.nn.graph.vertex.impl.rnn.DuplicateToTimeSeriesVertex;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A vertex of a graph that is not a layer. A preprocessor is called as the vertex would, which asks
 * the graph's inputs how many examples there are: a stage behind a cut has none.
 */
final class OperationNode implements StageNode {

  private final GraphVertex vertex;
  private int examples;

  OperationNode(GraphVertex vertex) {
    this.vertex = vertex;
  }

  @Override
  public Trainable trainable() {
    return vertex;
  }

  @Override
  public void begin(int newExamples) {
    examples = newExamples;
  }

  @Override
  public void setCounts(long step, int epoch) {}

  @Override
  public Pair<INDArray, MaskState> passMasks(List<INDArray> masks, MaskState state) {
    boolean none = masks.stream().allMatch(mask -> mask == null);
    // This one takes its mask from an input of the model; others expect to be given one.
    if (none && !(vertex instanceof DuplicateToTimeSeriesVertex)) {
      return null;
    }
    return vertex.feedForwardMaskArrays(masks.toArray(INDArray[]::new), state, examples);
  }

  @Override
  public INDArray forward(List<INDArray> inputs, boolean training, LayerWorkspaceMgr memory) {
    if (vertex instanceof PreprocessorVertex reshaping) {
      return reshaping.getPreProcessor().preProcess(inputs.get(0), examples, memory);
    }
    for (int i = 0; i < inputs.size(); i++) {
      vertex.setInput(i, inputs.get(i), memory);
    }
    return vertex.doForward(training, memory);
  }

  @Override
  public List<INDArray> backward(INDArray gradient, LayerWorkspaceMgr memory) {
    if (vertex instanceof PreprocessorVertex reshaping) {
      return Arrays.asList(reshaping.getPreProcessor().backprop(gradient, examples, memory));
    }
    vertex.setEpsilon(gradient);
    return Arrays.asList(vertex.doBackward(false, memory).getSecond());
  }

  @Override
  public boolean isFrozen() {
    return vertex instanceof FrozenVertex;
  }

  @Override
  public double regularization() {
    return 0;
  }

  @Override
  public void clear() {
    vertex.clear();
  }

  @Override
  public Layer outputLayer() {
    throw new IllegalStateException(vertex.getVertexName() + " has no loss");
  }
}
