package io.stagecoach.benchmarks;

import io.stagecoach.model.gpt.Memory;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The same arrays for every pass, as a workspace gives them. */
final class LentMemory implements Memory {

  private final List<INDArray> arrays = new ArrayList<>();
  private int lent;

  /** Lends them again, in the same order. */
  void takeBack() {
    lent = 0;
  }

  @Override
  public INDArray kept(long... shape) {
    return scratch(shape);
  }

  @Override
  public INDArray scratch(long... shape) {
    if (lent == arrays.size()) {
      arrays.add(Nd4j.createUninitialized(DataType.FLOAT, shape, 'c'));
    }
    return arrays.get(lent++);
  }
}
