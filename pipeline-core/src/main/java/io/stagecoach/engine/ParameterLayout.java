package io.stagecoach.engine;

import java.io.Serializable;
import java.util.List;

/**
 * How the flat parameter vector of a stage or of a whole model is made of named tensors, in model
 * order, without gaps.
 */
public record ParameterLayout(List<View> views) implements Serializable {

  /** What a part of the vector is. */
  public enum Kind {
    /** Updated by its gradient. */
    TRAINABLE,
    /**
     * A running statistic, for instance batch norm's mean. Its "gradient" is the change to
     * subtract: averaged over micro-batches by example count, and kept out of norm, clipping and
     * scaling.
     */
    STATISTIC
  }

  /**
   * One named tensor.
   *
   * @param name the model's own name for it, with the layer's index in the whole model: {@code 3_W}
   * @param offset its first element in the flat vector
   * @param length its elements
   * @param kind what it is
   */
  public record View(String name, long offset, long length, Kind kind) implements Serializable {}

  public ParameterLayout {
    views = List.copyOf(views);
    long next = 0;
    for (View view : views) {
      if (view.offset() != next) {
        throw new IllegalArgumentException(view.name() + " starts at " + view.offset());
      }
      next += view.length();
    }
  }

  /** The elements of the whole vector. */
  public long length() {
    if (views.isEmpty()) {
      return 0;
    }
    View last = views.get(views.size() - 1);
    return last.offset() + last.length();
  }
}
