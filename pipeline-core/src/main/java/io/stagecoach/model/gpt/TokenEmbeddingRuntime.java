package io.stagecoach.model.gpt;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.IncrementalLayer;
import io.stagecoach.model.LayerCache;
import java.util.Map;
import java.util.TreeMap;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.scatter.ScatterUpdate;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** {@link TokenEmbedding} at run time. */
final class TokenEmbeddingRuntime extends GptRuntime<TokenEmbedding> implements IncrementalLayer {

  private static final long serialVersionUID = 1L;

  private final transient Map<Integer, SharedGradient> shared = new TreeMap<>();
  private transient int[] tokens;
  private transient Thinning thinning;

  TokenEmbeddingRuntime(NeuralNetConfiguration configuration, DataType type) {
    super(configuration, type);
  }

  /** The embedding of the tokens, [vocabulary, width]. */
  INDArray tokenWeights() {
    return params.get("W");
  }

  /**
   * Where another layer that uses {@link #tokenWeights} leaves its gradient.
   *
   * @param user the other layer's index: gradients are added in this order
   */
  SharedGradient sharedGradient(int user) {
    return shared.computeIfAbsent(user, any -> new SharedGradient(tokenWeights()));
  }

  @Override
  public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
    assertInputSet(false);
    int examples = (int) input.size(0);
    int time = (int) input.size(input.rank() - 1);
    INDArray y = output(workspaces, examples, time, layerConf().getNOut());
    int[] read = tokens(input, examples, time);
    embed(read, 0, y);
    if (training) {
      tokens = read;
      thinning = thinnings(true, workspaces).get(0);
      thinning.forward(y);
    }
    return y;
  }

  private int[] tokens(INDArray indices, int examples, int time) {
    if (indices.length() != (long) examples * time) {
      throw new StagecoachException(
          ErrorKind.DATA,
          "The input of '" + layerConf().getLayerName() + "' is not a sequence of token indices",
          "Give it arrays of shape [examples, time] or [examples, 1, time].");
    }
    INDArray flat = indices.dup('c').reshape(indices.length());
    int[] read = flat.castTo(DataType.INT32).toIntVector();
    for (int token : read) {
      if (token < 0 || token >= layerConf().getNIn()) {
        throw new StagecoachException(
            ErrorKind.DATA,
            "Token "
                + token
                + " is not in the model's vocabulary, 0 to "
                + (layerConf().getNIn() - 1),
            "Use the tokenizer that the model was trained with.");
      }
    }
    return read;
  }

  /** Writes the sum of both embeddings. */
  private void embed(int[] read, int from, INDArray y) {
    long time = y.size(1);
    long width = y.size(2);
    if (from + time > layerConf().getMaxLength()) {
      throw new StagecoachException(
          ErrorKind.DATA,
          "A sequence of "
              + (from + time)
              + " tokens is longer than the model's "
              + layerConf().getMaxLength(),
          "Use shorter sequences, or a model with a longer context.");
    }
    Nd4j.pullRows(tokenWeights(), y.reshape('c', read.length, width), 1, read);
    INDArray places = positions(params.get("P"), from, time).reshape('c', 1, time * width);
    y.reshape('c', y.size(0), time * width).addiRowVector(places);
  }

  /**
   * Some rows of a table as one flat view. Not rows by index: ND4J takes some of a matrix that is a
   * view itself for empty.
   */
  private static INDArray positions(INDArray table, long from, long count) {
    long width = table.size(1);
    return table
        .reshape(table.length())
        .get(NDArrayIndex.interval(from * width, (from + count) * width));
  }

  @Override
  @SuppressWarnings("deprecation") // As DL4J's own embeddings do; what replaces it makes copies.
  public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
    assertInputSet(true);
    WorkspaceMemory memory = WorkspaceMemory.passing(workspaces, dataType);
    INDArray gradient = memory.contiguous(epsilon);
    if (thinning.isActive()) {
      gradient = gradient.dup('c');
      thinning.backward(gradient);
    }
    long time = gradient.size(1);
    long width = gradient.size(2);
    INDArray weights = gradientViews.get("W");
    weights.assign(0);
    Nd4j.scatterUpdate(
        ScatterUpdate.UpdateOp.ADD,
        weights,
        Nd4j.createFromArray(tokens),
        gradient.reshape('c', tokens.length, width),
        1);
    shared.values().forEach(use -> use.addTo(weights));
    INDArray places = gradientViews.get("P");
    places.assign(0);
    positions(places, 0, time).assign(gradient.reshape('c', gradient.size(0), time * width).sum(0));
    forget();
    return new Pair<>(gradients(), null);
  }

  @Override
  public LayerCache newCache(int examples, int maxLength) {
    return new PositionCache(Math.min(maxLength, layerConf().getMaxLength()));
  }

  @Override
  public INDArray activateNext(INDArray next, LayerCache cache) {
    int examples = (int) next.size(0);
    int time = (int) next.size(next.rank() - 1);
    int from = ((PositionCache) cache).advance(time);
    INDArray y =
        Nd4j.createUninitialized(dataType, new long[] {examples, time, layerConf().getNOut()}, 'c');
    embed(tokens(next, examples, time), from, y);
    return y;
  }

  @Override
  public void clear() {
    super.clear();
    forget();
  }

  private void forget() {
    tokens = null;
    thinning = null;
  }

  @Override
  public void close() {
    shared.values().forEach(SharedGradient::close);
    shared.clear();
  }
}
