package io.stagecoach.benchmarks;

import io.stagecoach.engine.Forward;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.StageGradients;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StepContext;
import io.stagecoach.tensor.Tensors;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Another module, whose passes end no sooner than some time after they have begun. */
final class PacedModule implements StageModule {

  private final StageModule module;
  private final long forwardNanos;
  private final long backwardNanos;

  PacedModule(StageModule module, long forwardNanos, long backwardNanos) {
    this.module = module;
    this.forwardNanos = forwardNanos;
    this.backwardNanos = backwardNanos;
  }

  @Override
  public Forward forward(int microBatch, Tensors inputs) {
    long end = System.nanoTime() + forwardNanos;
    Forward result = module.forward(microBatch, inputs);
    park(end);
    return result;
  }

  @Override
  public Tensors backward(int microBatch, Tensors outputGradients) {
    long end = System.nanoTime() + backwardNanos;
    Tensors result = module.backward(microBatch, outputGradients);
    park(end);
    return result;
  }

  private static void park(long end) {
    for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  @Override
  public Set<String> dataColumns() {
    return module.dataColumns();
  }

  @Override
  public ParameterLayout parameterLayout() {
    return module.parameterLayout();
  }

  @Override
  public INDArray parameters() {
    return module.parameters();
  }

  @Override
  public void setParameters(INDArray flat) {
    module.setParameters(flat);
  }

  @Override
  public void beginStep(StepContext context) {
    module.beginStep(context);
  }

  @Override
  public StageGradients gradients() {
    return module.gradients();
  }

  @Override
  public void close() {
    module.close();
  }
}
