package io.stagecoach.spark.job;

import io.stagecoach.engine.ModelUpdater;
import io.stagecoach.engine.ParameterLayout;
import java.util.function.Consumer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The updater of a model that belongs to somebody else: it stays when whoever borrows it is closed.
 *
 * @param updater the model's
 * @param before is given the summed gradients before each update; borrows them
 */
record BorrowedUpdater(ModelUpdater updater, Consumer<INDArray> before) implements ModelUpdater {

  @Override
  public ParameterLayout parameterLayout() {
    return updater.parameterLayout();
  }

  @Override
  public ParameterLayout stageLayout(int firstLayer, int endLayer) {
    return updater.stageLayout(firstLayer, endLayer);
  }

  @Override
  public INDArray parameters() {
    return updater.parameters();
  }

  @Override
  public void update(INDArray gradients, long divisor, long iteration, int epoch) {
    before.accept(gradients);
    updater.update(gradients, divisor, iteration, epoch);
  }
}
