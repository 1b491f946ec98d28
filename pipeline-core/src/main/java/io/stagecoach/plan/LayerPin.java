package io.stagecoach.plan;

import java.util.Objects;

/**
 * Layers that somebody wants on a certain executor of a pipeline.
 *
 * @param text as it was written, for errors
 * @param first the first layer, in the whole model
 * @param last the last one; the same for one layer
 * @param stage the place of the executor in the pipeline, from 0: where it hosts several stages in
 *     turn, any of them will do
 */
public record LayerPin(String text, int first, int last, int stage) {

  public LayerPin {
    Objects.requireNonNull(text, "text");
    if (first < 0 || last < first || stage < 0) {
      throw new IllegalArgumentException("layers " + first + " to " + last + " on stage " + stage);
    }
  }

  boolean holds(int layer) {
    return first <= layer && layer <= last;
  }
}
