package io.stagecoach.sync;

import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.engine.ParameterLayout.View;
import io.stagecoach.engine.update.SquareSums;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The named tensors of a flat gradient vector: what is done with them one by one, so that it comes
 * to the same whoever has which of them.
 */
final class GradientTensors {

  private final SquareSums squares;
  private final List<View> trainable;
  private final List<View> statistics;
  private final List<INDArray> averaged;

  /**
   * @param layout of the vector
   * @param flat the vector, rank 1; seen live
   */
  GradientTensors(ParameterLayout layout, INDArray flat) {
    this.squares = new SquareSums(flat);
    this.trainable = of(Kind.TRAINABLE, layout);
    this.statistics = of(Kind.STATISTIC, layout);
    this.averaged = statistics.stream().map(view -> part(view, flat)).toList();
  }

  private static List<View> of(Kind kind, ParameterLayout layout) {
    return layout.views().stream()
        .filter(view -> view.kind() == kind && view.length() > 0)
        .toList();
  }

  private static INDArray part(View view, INDArray flat) {
    return flat.get(NDArrayIndex.interval(view.offset(), view.offset() + view.length()));
  }

  /** Statistics are means over examples. */
  void averageStatistics(long examples) {
    averaged.forEach(statistic -> statistic.divi(examples));
  }

  /** Squared norms of all tensors, in the vector's order; statistics as they are now. */
  TensorNorms norms() {
    return new TensorNorms(norms(trainable), norms(statistics));
  }

  private List<Double> norms(List<View> views) {
    return views.stream().map(view -> squares.of(view.offset(), view.length())).toList();
  }
}
