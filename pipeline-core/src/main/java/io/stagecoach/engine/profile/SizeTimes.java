package io.stagecoach.engine.profile;

import java.io.Serializable;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What micro-batches of one size take.
 *
 * @param rows the examples of a micro-batch
 * @param layers the times of each layer as a stage of its own, in model order
 */
public record SizeTimes(int rows, List<PassTimes> layers) implements Serializable {

  public SizeTimes {
    layers = List.copyOf(layers);
    if (rows < 1 || layers.isEmpty()) {
      throw new IllegalArgumentException(rows + " rows, " + layers.size() + " layers");
    }
  }

  /** Of each layer the faster passes of both; both are of one size. */
  SizeTimes fastest(SizeTimes other) {
    return new SizeTimes(
        rows,
        IntStream.range(0, layers.size())
            .mapToObj(layer -> layers.get(layer).fastest(other.layers.get(layer)))
            .toList());
  }
}
