package io.stagecoach.engine.dl4j;

import io.stagecoach.model.IncrementalLayer;
import io.stagecoach.model.LayerCache;
import java.util.HashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.layers.RecurrentLayer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What one layer keeps of the sequences of one micro-batch, while they are gone on with. */
final class NodeMemory implements AutoCloseable {

  /** No layer's own limit is above: caches grow with the sequences. */
  private static final int ANY_LENGTH = Integer.MAX_VALUE;

  private LayerCache cache;
  private Map<String, INDArray> state = Map.of();

  /** The layer's cache, made at the first call. */
  LayerCache cache(IncrementalLayer layer, int sequences) {
    if (cache == null) {
      cache = layer.newCache(sequences, ANY_LENGTH);
    }
    return cache;
  }

  /** Puts a layer into the state in which these sequences left it. */
  void restore(RecurrentLayer layer) {
    layer.rnnSetPreviousState(state);
  }

  /** Keeps the state in which these sequences leave a layer. */
  void keep(RecurrentLayer layer) {
    // DL4J detaches what it keeps, and replaces it rather than changing it.
    state = new HashMap<>(layer.rnnGetPreviousState());
  }

  @Override
  public void close() {
    if (cache != null) {
      cache.close();
    }
  }
}
