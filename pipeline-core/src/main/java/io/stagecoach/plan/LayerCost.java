package io.stagecoach.plan;

import java.io.Serializable;
import java.util.Objects;

/**
 * What one layer costs, for one micro-batch.
 *
 * @param index the layer's place in the whole model, from 0
 * @param name the model's own name for it
 * @param kind what it is, for instance {@code LSTM}
 * @param parameters how many numbers its weights and statistics are; a parameter that several
 *     layers share counts for its owner only, so that the layers add up to the model
 * @param parameterBytes what its stage holds of weights and statistics for it: its own, and copies
 *     of those of others that it shares
 * @param ownBytes the part of that which is its own
 * @param updaterBytes what an updater keeps of its own parameters
 * @param outputBytes what crosses to the next stage where the model is cut after this layer; as
 *     many bytes of gradients come back
 * @param stashBytes what it keeps from forward to backward, its output included, its input not
 * @param workingBytes what it needs while it computes and gives back at once
 * @param forwardOperations floating-point operations of a forward pass
 * @param backwardOperations floating-point operations of a backward pass, with whatever the engine
 *     computes again in it
 */
public record LayerCost(
    int index,
    String name,
    String kind,
    long parameters,
    long parameterBytes,
    long ownBytes,
    long updaterBytes,
    long outputBytes,
    long stashBytes,
    long workingBytes,
    long forwardOperations,
    long backwardOperations)
    implements Serializable {

  public LayerCost {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(kind, "kind");
    if (index < 0
        || parameters < 0
        || parameterBytes < 0
        || ownBytes < 0
        || updaterBytes < 0
        || outputBytes < 0
        || stashBytes < 0
        || workingBytes < 0
        || forwardOperations < 0
        || backwardOperations < 0) {
      throw new IllegalArgumentException("a cost of layer " + index + " is negative");
    }
  }

  /** All of its weights are its own, and its updater keeps nothing of them. */
  public LayerCost(
      int index,
      String name,
      String kind,
      long parameters,
      long parameterBytes,
      long outputBytes,
      long stashBytes,
      long workingBytes,
      long forwardOperations,
      long backwardOperations) {
    this(
        index,
        name,
        kind,
        parameters,
        parameterBytes,
        parameterBytes,
        0,
        outputBytes,
        stashBytes,
        workingBytes,
        forwardOperations,
        backwardOperations);
  }

  /** Its index, its name where its author gave it one, and what it is. */
  public String words() {
    // DL4J gives layers such names if their author gives none.
    return index + " " + (name.equals("layer" + index) ? kind : name + " (" + kind + ")");
  }

  /** Forward and backward operations together: the time of one micro-batch, up to a factor. */
  public long operations() {
    return forwardOperations + backwardOperations;
  }
}
