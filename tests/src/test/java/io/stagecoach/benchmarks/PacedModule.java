package io.stagecoach.benchmarks;

import io.stagecoach.engine.FinishedGradients;
import io.stagecoach.engine.Forward;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.StageGradients;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StepContext;
import io.stagecoach.tensor.Tensors;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Another module, whose passes end no sooner than some time after they have begun; each layer has
 * the same share of it. Only in steps of {@link #IN_PIECES} it says which gradients are final
 * before the last pass has ended.
 */
final class PacedModule implements StageModule {

  /** The epoch of such steps. */
  static final int IN_PIECES = 1;

  private final StageModule module;
  private final int layers;
  private final long forwardNanos;
  private final long backwardNanos;

  private boolean inPieces;
  private long began;

  /**
   * @param forwardNanos of all layers together
   * @param backwardNanos of all layers together
   */
  PacedModule(StageModule module, int layers, long forwardNanos, long backwardNanos) {
    this.module = module;
    this.layers = layers;
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
    began = System.nanoTime();
    Tensors result = module.backward(microBatch, outputGradients);
    park(began + backwardNanos);
    return result;
  }

  @Override
  public void endWith(FinishedGradients told) {
    if (inPieces) {
      // The output layer, too, says something; it takes no time.
      int[] passed = {0};
      module.endWith(
          (flat, from, to) -> {
            passed[0] = Math.min(passed[0] + 1, layers);
            park(began + passed[0] * backwardNanos / layers);
            told.finished(flat, from, to);
          });
    }
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
    inPieces = context.epoch() == IN_PIECES;
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
