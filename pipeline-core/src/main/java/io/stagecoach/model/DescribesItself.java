package io.stagecoach.model;

import org.deeplearning4j.nn.conf.inputs.InputType;

/**
 * A DL4J layer configuration that tells what the engine knows of DL4J's own layers by their
 * classes. Such a layer only reads its input.
 */
public interface DescribesItself {

  /**
   * What it does.
   *
   * @param input the shape of one example of its input
   */
  LayerWork work(InputType input);

  /**
   * Whether its input are indices, which integers hold exactly, and to which no gradient flows.
   * Such a layer must be the first.
   */
  default boolean readsIndices() {
    return false;
  }
}
