package io.stagecoach.model.gpt;

import io.stagecoach.model.IncrementalLayer;
import io.stagecoach.model.LayerCache;
import org.deeplearning4j.nn.api.MaskState;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseOutputLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * {@link TokenOutput} at run time. Loss and gradient are computed from the same logits, whichever
 * is asked for first: a pipeline asks for the loss first, DL4J for the gradient.
 */
final class TokenOutputRuntime extends BaseOutputLayer<TokenOutput> implements IncrementalLayer {

  private static final long serialVersionUID = 1L;

  private final transient ComputePath path;
  private final transient OutputWeights weights;
  private transient INDArray logits;
  private transient Double lossSum;

  TokenOutputRuntime(NeuralNetConfiguration configuration, DataType type, OutputWeights weights) {
    super(configuration, type);
    this.path = ComputePaths.of(type);
    this.weights = weights;
  }

  @Override
  public void setInput(INDArray newInput, LayerWorkspaceMgr workspaces) {
    super.setInput(newInput, workspaces);
    forget();
  }

  @Override
  public void setLabels(INDArray newLabels) {
    super.setLabels(newLabels);
    forget();
  }

  /** A mask of labels, [examples, time], is kept as DL4J does: a column, examples first. */
  @Override
  public void setMaskArray(INDArray mask) {
    forget();
    maskArray = mask;
    if (mask != null && !mask.isColumnVector()) {
      maskArray = outside(mask);
    }
  }

  @SuppressWarnings("try") // ND4J's memory scopes are resources that no one needs to name.
  private static INDArray outside(INDArray mask) {
    try (MemoryWorkspace scope = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return mask.permute(1, 0).dup('c').reshape('c', mask.length(), 1);
    }
  }

  /** A mask of features has no effect: positions that it hides come last, and no label counts. */
  @Override
  public Pair<INDArray, MaskState> feedForwardMaskArray(
      INDArray mask, MaskState state, int examples) {
    return null;
  }

  private INDArray rows(INDArray array) {
    long width = array.size(2);
    return array.reshape('c', array.length() / width, width);
  }

  private INDArray newLogits(WorkspaceMemory memory) {
    INDArray out = memory.kept(input.size(0) * input.size(1), layerConf().getNOut());
    project(memory.contiguous(input), out);
    return out;
  }

  private void project(INDArray x, INDArray out) {
    Products.write(rows(x), weights.weights(params).transpose(), out);
  }

  private TokenLabels tokenLabels() {
    return TokenLabels.of(
        labels, maskArray, (int) input.size(0), (int) input.size(1), (int) layerConf().getNOut());
  }

  @Override
  public double computeScore(
      double regularization, boolean training, LayerWorkspaceMgr workspaces) {
    if (input == null || labels == null) {
      throw new IllegalStateException("no score without input and labels " + layerId());
    }
    if (lossSum == null || !training) {
      INDArray found =
          newLogits(
              training
                  ? WorkspaceMemory.training(workspaces, dataType)
                  : WorkspaceMemory.passing(workspaces, dataType));
      TokenLabels wanted = tokenLabels();
      lossSum = wanted.sum(path.crossEntropy().losses(found, wanted.classes()));
      logits = training ? found : null;
    }
    score = lossSum / getInputMiniBatchSize() + regularization;
    lossSum = null;
    return score;
  }

  @Override
  public INDArray computeScoreForExamples(double regularization, LayerWorkspaceMgr workspaces) {
    TokenLabels wanted = tokenLabels();
    double[] losses =
        path.crossEntropy()
            .losses(newLogits(WorkspaceMemory.passing(workspaces, dataType)), wanted.classes());
    int time = (int) input.size(1);
    INDArray scores =
        workspaces.createUninitialized(ArrayType.ACTIVATIONS, dataType, input.size(0), 1);
    for (int example = 0; example < input.size(0); example++) {
      double sum = wanted.sum(losses, example * time, (example + 1) * time);
      scores.putScalar(example, sum + regularization);
    }
    return scores;
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
    assertInputSet(true);
    WorkspaceMemory memory = WorkspaceMemory.passing(workspaces, dataType);
    TokenLabels wanted = tokenLabels();
    INDArray changed = logits;
    if (changed == null) {
      changed = newLogits(memory);
      lossSum = wanted.sum(path.crossEntropy().losses(changed, wanted.classes()));
    }
    path.crossEntropy().gradients(changed, wanted.classes(), wanted.weights());
    logits = null;
    INDArray gradient =
        workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, dataType, input.shape(), 'c');
    Products.write(changed, weights.weights(params), rows(gradient));
    INDArray weightGradient = weights.gradient(gradientViews);
    Products.write(changed.transpose(), rows(memory.contiguous(input)), weightGradient);
    Gradient own = new DefaultGradient();
    if (!params.isEmpty()) {
      own = new DefaultGradient(gradientsFlattened);
      own.setGradientFor("W", weightGradient, 'c');
    }
    return new Pair<>(own, gradient);
  }

  /** The probabilities, [examples, time, vocabulary]; 0 where a mask of labels is. */
  @Override
  public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
    assertInputSet(false);
    INDArray y =
        workspaces.createUninitialized(
            ArrayType.ACTIVATIONS,
            dataType,
            new long[] {input.size(0), input.size(1), layerConf().getNOut()},
            'c');
    project(WorkspaceMemory.passing(workspaces, dataType).contiguous(input), rows(y));
    path.crossEntropy().softmax(rows(y));
    if (maskArray != null) {
      INDArray byExample =
          maskArray
              .reshape('c', input.size(1), input.size(0))
              .permute(1, 0)
              .dup('c')
              .reshape('c', maskArray.length(), 1);
      rows(y).muliColumnVector(byExample.castTo(dataType));
    }
    return y;
  }

  @Override
  public LayerCache newCache(int examples, int maxLength) {
    return new PositionCache(maxLength);
  }

  @Override
  public INDArray activateNext(INDArray next, LayerCache cache) {
    ((PositionCache) cache).advance((int) next.size(1));
    INDArray y =
        Nd4j.createUninitialized(
            dataType, new long[] {next.size(0), next.size(1), layerConf().getNOut()}, 'c');
    project(next, rows(y));
    path.crossEntropy().softmax(rows(y));
    return y;
  }

  @Override
  protected INDArray getLabels2d(LayerWorkspaceMgr workspaces, ArrayType type) {
    throw new UnsupportedOperationException("loss and gradient need no labels as a matrix");
  }

  @Override
  public Type type() {
    return Type.RECURRENT;
  }

  @Override
  public void clear() {
    super.clear();
    forget();
  }

  private void forget() {
    logits = null;
    lossSum = null;
  }
}
