package io.stagecoach.sync;

import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.engine.ParameterLayout.View;
import io.stagecoach.engine.update.SquareSums;
import io.stagecoach.sync.StageWeights.Interval;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

  /** The squared norms of trainable tensors whose gradients are whole. */
  private final Map<View, Double> taken = new HashMap<>();

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

  /** Takes the squared norms of the trainable tensors that lie in an interval whole, beforehand. */
  void take(Interval whole) {
    for (View view : trainable) {
      if (whole.from() <= view.offset() && view.offset() + view.length() <= whole.to()) {
        taken.put(view, squares(view));
      }
    }
  }

  /** Other gradients come: nothing is taken beforehand. */
  void forget() {
    taken.clear();
  }

  /**
   * Squared norms of all tensors, in the vector's order; statistics as they are now, and what was
   * not taken beforehand.
   */
  TensorNorms norms() {
    return new TensorNorms(norms(trainable), norms(statistics));
  }

  private List<Double> norms(List<View> views) {
    List<Double> norms = new ArrayList<>(views.size());
    for (View view : views) {
      Double before = taken.get(view);
      norms.add(before == null ? squares(view) : before);
    }
    return norms;
  }

  private double squares(View view) {
    return squares.of(view.offset(), view.length());
  }
}
