package io.stagecoach.engine.dl4j;

import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.engine.ParameterLayout.View;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Adds up the gradients of a step's micro-batches. The layers write each micro-batch's gradients
 * into {@link #scratch}; statistics are weighted by the micro-batch's examples.
 */
final class GradientSum implements AutoCloseable {

  private final INDArray scratch;
  private final INDArray sum;
  private final List<INDArray> statistics;
  private boolean holdsThisStep;

  GradientSum(ParameterLayout layout, DataType type) {
    // Zeros: the gradients of frozen layers, which nothing ever writes.
    this.scratch = Nd4j.zeros(type, layout.length());
    this.sum = Nd4j.zeros(type, layout.length());
    this.statistics =
        layout.views().stream()
            .filter(view -> view.kind() == Kind.STATISTIC && view.length() > 0)
            .map(this::inScratch)
            .toList();
  }

  private INDArray inScratch(View view) {
    return scratch.get(NDArrayIndex.interval(view.offset(), view.offset() + view.length()));
  }

  /** Where the layers write. */
  INDArray scratch() {
    return scratch;
  }

  /** Begins a step. */
  void begin() {
    holdsThisStep = false;
  }

  /** Takes what a micro-batch left in {@link #scratch}. */
  void add(int microBatchExamples) {
    for (INDArray statistic : statistics) {
      statistic.muli(microBatchExamples);
    }
    if (holdsThisStep) {
      sum.addi(scratch);
    } else {
      sum.assign(scratch);
      holdsThisStep = true;
    }
  }

  /** The sum; a live view until the next {@link #begin}. */
  INDArray flat() {
    if (!holdsThisStep) {
      sum.assign(0);
      holdsThisStep = true;
    }
    return sum;
  }

  @Override
  public void close() {
    scratch.close();
    sum.close();
  }
}
