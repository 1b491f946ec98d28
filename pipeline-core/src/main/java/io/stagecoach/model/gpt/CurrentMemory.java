package io.stagecoach.model.gpt;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The memory that is current, for passes that nothing follows.
 *
 * @param type of the arrays
 */
record CurrentMemory(DataType type) implements Memory {

  @Override
  public INDArray kept(long... shape) {
    return scratch(shape);
  }

  @Override
  public INDArray scratch(long... shape) {
    return Nd4j.createUninitialized(type, shape, 'c');
  }
}
