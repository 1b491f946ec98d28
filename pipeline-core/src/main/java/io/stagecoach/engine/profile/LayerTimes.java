package io.stagecoach.engine.profile;

import java.io.Serializable;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a model's layers take, by the size of a micro-batch: half the examples do not take half the
 * time.
 *
 * @param sizes the sizes that were measured, ascending; at least one
 */
public record LayerTimes(List<SizeTimes> sizes) implements Serializable {

  public LayerTimes {
    sizes = List.copyOf(sizes);
    if (sizes.isEmpty()) {
      throw new IllegalArgumentException("no size was measured");
    }
    for (int i = 1; i < sizes.size(); i++) {
      if (sizes.get(i).rows() <= sizes.get(i - 1).rows()
          || sizes.get(i).layers().size() != sizes.get(0).layers().size()) {
        throw new IllegalArgumentException("sizes ascend and have the same layers");
      }
    }
  }

  /** How many layers the model has. */
  public int layers() {
    return sizes.get(0).layers().size();
  }

  /**
   * The times of one layer: between two sizes that were measured on the line through both; above
   * the largest in proportion to the examples; below the smallest as long as the smallest.
   */
  public PassTimes layer(int layer, int rows) {
    SizeTimes smallest = sizes.get(0);
    if (rows <= smallest.rows()) {
      return smallest.layers().get(layer);
    }
    for (int i = 1; i < sizes.size(); i++) {
      SizeTimes above = sizes.get(i);
      if (rows <= above.rows()) {
        SizeTimes below = sizes.get(i - 1);
        double share = (double) (rows - below.rows()) / (above.rows() - below.rows());
        return below
            .layers()
            .get(layer)
            .times(1 - share)
            .plus(above.layers().get(layer).times(share));
      }
    }
    SizeTimes largest = sizes.get(sizes.size() - 1);
    return largest.layers().get(layer).times((double) rows / largest.rows());
  }

  /** The times of the layers from {@code first} to before {@code end} together. */
  public PassTimes stage(int first, int end, int rows) {
    return IntStream.range(first, end)
        .mapToObj(layer -> layer(layer, rows))
        .reduce(PassTimes.NONE, PassTimes::plus);
  }
}
