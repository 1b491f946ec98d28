package io.stagecoach.model.gpt;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.IncrementalLayer;
import io.stagecoach.model.LayerCache;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Runs a whole network over sequences piece by piece, on one machine. */
public final class IncrementalForward implements AutoCloseable {

  private final List<IncrementalLayer> layers = new ArrayList<>();
  private final List<LayerCache> caches = new ArrayList<>();

  /**
   * Begins with empty sequences.
   *
   * @param network of layers that are all {@link IncrementalLayer}
   * @param examples how many sequences run side by side
   * @param maxLength how many positions each can get
   * @throws StagecoachException of kind {@code MODEL} where a layer is not
   */
  public IncrementalForward(MultiLayerNetwork network, int examples, int maxLength) {
    for (Layer layer : network.getLayers()) {
      if (!(layer instanceof IncrementalLayer incremental)) {
        throw new StagecoachException(
            ErrorKind.MODEL,
            "a layer of " + layer.getClass().getSimpleName() + " cannot run token by token",
            "Use a GPT, whose layers can.");
      }
      layers.add(incremental);
      caches.add(incremental.newCache(examples, maxLength));
    }
  }

  /**
   * Takes the next tokens.
   *
   * @param tokens indices, [examples, new positions]
   * @return the probabilities of the token after each, [examples, new positions, vocabulary], in
   *     the current workspace
   */
  public INDArray next(INDArray tokens) {
    INDArray x = tokens;
    for (int i = 0; i < layers.size(); i++) {
      x = layers.get(i).activateNext(x, caches.get(i));
    }
    return x;
  }

  /** How many positions the sequences have. */
  public int length() {
    return caches.get(0).length();
  }

  @Override
  public void close() {
    caches.forEach(LayerCache::close);
  }
}
