package io.stagecoach.sync;

import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.engine.ParameterLayout.View;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The named tensors of a flat gradient vector: what is done with them one by one, so that it comes
 * to the same whoever has which of them.
 */
final class GradientTensors {

  private final List<INDArray> trainable;
  private final List<INDArray> statistics;

  /**
   * @param layout of the vector
   * @param flat the vector, rank 1; seen live
   */
  GradientTensors(ParameterLayout layout, INDArray flat) {
    this.trainable = of(Kind.TRAINABLE, layout, flat);
    this.statistics = of(Kind.STATISTIC, layout, flat);
  }

  private static List<INDArray> of(Kind kind, ParameterLayout layout, INDArray flat) {
    return layout.views().stream()
        .filter(view -> view.kind() == kind && view.length() > 0)
        .map(view -> part(view, flat))
        .toList();
  }

  private static INDArray part(View view, INDArray flat) {
    return flat.get(NDArrayIndex.interval(view.offset(), view.offset() + view.length()));
  }

  /** Statistics are means over examples. */
  void averageStatistics(long examples) {
    statistics.forEach(statistic -> statistic.divi(examples));
  }

  /** Norms of all tensors, in the vector's order; statistics as they are now. */
  TensorNorms norms() {
    return new TensorNorms(norms(trainable), norms(statistics));
  }

  private static List<Double> norms(List<INDArray> arrays) {
    return arrays.stream().map(array -> array.norm2Number().doubleValue()).toList();
  }

  /** Multiplies the gradients, statistics left out. */
  void scale(double factor) {
    trainable.forEach(array -> array.muli(factor));
  }
}
