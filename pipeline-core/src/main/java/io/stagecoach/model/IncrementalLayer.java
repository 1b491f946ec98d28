package io.stagecoach.model;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A DL4J layer at run time that can take a sequence piece by piece, in inference: what it gives for
 * new positions is what it would give for them at the end of the whole sequence.
 */
public interface IncrementalLayer {

  /**
   * An empty cache.
   *
   * @param examples how many sequences run side by side
   * @param maxLength how many positions each can get
   */
  LayerCache newCache(int examples, int maxLength);

  /**
   * Takes the next positions.
   *
   * @param next [examples, positions, width]; for an embedding indices, [examples, positions]
   * @param cache of this layer; afterwards it holds the new positions, too
   * @return [examples, positions, width], a new array in the current workspace
   */
  INDArray activateNext(INDArray next, LayerCache cache);
}
