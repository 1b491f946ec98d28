package io.stagecoach.benchmarks;

import io.stagecoach.engine.Forward;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.SplitBackward;
import io.stagecoach.engine.StageGradients;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.tensor.Tensors;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A stage whose passes take known times. It has one weight, which is never moved. */
final class TimedModule implements StageModule, SplitBackward {

  /** A thread that is parked wakes up late by less than this; the rest is waited for awake. */
  private static final long SPIN_NANOS = 300_000;

  private static final String NAME = "x";

  private final StageSpec spec;
  private final TimedModel model;
  private final INDArray weight = Nd4j.zeros(DataType.FLOAT, 1);

  TimedModule(StageSpec spec, TimedModel model) {
    this.spec = spec;
    this.model = model;
  }

  @Override
  public Set<String> dataColumns() {
    return Set.of();
  }

  @Override
  public ParameterLayout parameterLayout() {
    return new ParameterLayout(
        List.of(
            new ParameterLayout.View(
                spec.firstLayer() + "_W", 0, 1, ParameterLayout.Kind.TRAINABLE)));
  }

  @Override
  public INDArray parameters() {
    return weight;
  }

  @Override
  public void setParameters(INDArray flat) {
    weight.assign(flat);
  }

  @Override
  public void beginStep(StepContext context) {
    // Nothing is kept from step to step.
  }

  @Override
  public Forward forward(int microBatch, Tensors inputs) {
    occupy(model.forwardNanos());
    return spec.isLast()
        ? new Forward(Tensors.none(), new Loss(1, 1, 1, List.of()))
        : new Forward(hop(), Loss.none());
  }

  @Override
  public Tensors backward(int microBatch, Tensors outputGradients) {
    occupy(model.backwardNanos());
    return inputGradients();
  }

  @Override
  public Optional<SplitBackward> splitBackward() {
    return Optional.of(this);
  }

  @Override
  public Tensors backwardInput(int microBatch, Tensors outputGradients) {
    occupy(model.inputNanos());
    return inputGradients();
  }

  @Override
  public void backwardWeights(int microBatch) {
    occupy(model.weightsNanos());
  }

  private Tensors inputGradients() {
    return spec.isFirst() ? Tensors.none() : hop();
  }

  private Tensors hop() {
    return Tensors.of(NAME, Nd4j.createUninitialized(DataType.FLOAT, model.hopFloats()));
  }

  private static void occupy(long nanos) {
    long end = System.nanoTime() + nanos;
    for (long left = nanos; left > 0; left = end - System.nanoTime()) {
      if (left > SPIN_NANOS) {
        LockSupport.parkNanos(left - SPIN_NANOS);
      } else {
        Thread.onSpinWait();
      }
    }
  }

  @Override
  public StageGradients gradients() {
    return new StageGradients(weight, 1, 0);
  }

  @Override
  public void close() {
    weight.close();
  }
}
