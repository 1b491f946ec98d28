package io.stagecoach.model.gpt.cpu;

import io.stagecoach.model.gpt.Memory;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Memory that is lent again, in the same order, after {@link #reuse}; filled with NaN at first. */
final class PlainMemory implements Memory {

  private final DataType type;
  private final List<INDArray> arrays = new ArrayList<>();
  private int lent;

  PlainMemory(DataType type) {
    this.type = type;
  }

  void reuse() {
    lent = 0;
  }

  @Override
  public INDArray kept(long... shape) {
    return scratch(shape);
  }

  @Override
  public INDArray scratch(long... shape) {
    if (lent == arrays.size()) {
      arrays.add(Nd4j.createUninitialized(type, shape, 'c').assign(Double.NaN));
    }
    return arrays.get(lent++);
  }
}
