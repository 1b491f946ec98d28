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
   * @param copyOf in a stage's layout, the name in the model's of the shared parameter that this is
   *     a use of: a copy of its weights, and one of the gradients that are added up for it; empty
   *     for a parameter of its own
   */
  public record View(String name, long offset, long length, Kind kind, String copyOf)
      implements Serializable {

    /** A parameter of its own. */
    public View(String name, long offset, long length, Kind kind) {
      this(name, offset, length, kind, "");
    }

    /** Whether this is one more use of a parameter that is elsewhere. */
    public boolean isCopy() {
      return !copyOf.isEmpty();
    }

    /** What it is called in the model's layout. */
    public String nameInModel() {
      return isCopy() ? copyOf : name;
    }
  }

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
