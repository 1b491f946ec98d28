package io.stagecoach.sync;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Which part of a whole model's flat vector, weights or gradients, belongs to which stage. */
public final class StageWeights {

  private record Range(long offset, long length) {}

  private final List<Range> ranges = new ArrayList<>();

  /**
   * @param stageLengths how many of the model's parameters each stage has, in order
   * @param modelLength how many the model has
   */
  public StageWeights(List<Long> stageLengths, long modelLength) {
    long offset = 0;
    for (long length : stageLengths) {
      ranges.add(new Range(offset, length));
      offset += length;
    }
    if (offset != modelLength) {
      throw new IllegalArgumentException(
          "the stages have " + offset + " parameters, the model " + modelLength);
    }
  }

  /** How many stages there are. */
  public int stages() {
    return ranges.size();
  }

  /** How many parameters a stage has. */
  public long length(int stage) {
    return ranges.get(stage).length();
  }

  /** A stage's part of the model's flat vector of rank 1: a live view. */
  public INDArray of(int stage, INDArray flat) {
    Range range = ranges.get(stage);
    return flat.get(NDArrayIndex.interval(range.offset(), range.offset() + range.length()));
  }
}
