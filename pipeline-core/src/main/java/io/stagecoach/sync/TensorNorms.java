package io.stagecoach.sync;

import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The squared norms of summed gradients, tensor by tensor: all that the driver must know of them to
 * decide about a step.
 *
 * @param trainable the sum of squares of each trainable tensor, in model order
 * @param statistics the same of each averaged running statistic, in model order
 */
public record TensorNorms(List<Double> trainable, List<Double> statistics) {

  private static final String TRAINABLE = "norms.trainable";
  private static final String STATISTICS = "norms.statistics";

  public TensorNorms {
    trainable = List.copyOf(trainable);
    statistics = List.copyOf(statistics);
  }

  /** Of no tensors. */
  static TensorNorms none() {
    return new TensorNorms(List.of(), List.of());
  }

  /** How many tensors there are. */
  int count() {
    return trainable.size() + statistics.size();
  }

  /** These, then those of tensors behind them in the model. */
  TensorNorms then(TensorNorms next) {
    return new TensorNorms(joined(trainable, next.trainable), joined(statistics, next.statistics));
  }

  private static List<Double> joined(List<Double> first, List<Double> second) {
    List<Double> all = new ArrayList<>(first);
    all.addAll(second);
    return all;
  }

  /** The norm of all trainable tensors together: a sum in the order of the tensors. */
  double global() {
    double sum = 0;
    for (double squares : trainable) {
      sum += squares;
    }
    return Math.sqrt(sum);
  }

  /** Whether all statistics are finite. */
  boolean statisticsAreFinite() {
    return statistics.stream().allMatch(Double::isFinite);
  }

  /** As float64 tensors, for the caller to close. */
  public Tensors toTensors() {
    Map<String, INDArray> named = new LinkedHashMap<>();
    put(named, TRAINABLE, trainable);
    put(named, STATISTICS, statistics);
    return named.isEmpty() ? Tensors.none() : Tensors.of(named);
  }

  private static void put(Map<String, INDArray> named, String name, List<Double> norms) {
    if (!norms.isEmpty()) {
      named.put(
          name, Nd4j.createFromArray(norms.stream().mapToDouble(Double::doubleValue).toArray()));
    }
  }

  /** What {@link #toTensors} gave, among other tensors. */
  static TensorNorms from(Tensors tensors) {
    return new TensorNorms(read(tensors, TRAINABLE), read(tensors, STATISTICS));
  }

  private static List<Double> read(Tensors tensors, String name) {
    List<Double> norms = new ArrayList<>();
    tensors
        .find(name)
        .ifPresent(
            array -> {
              for (double norm : array.toDoubleVector()) {
                norms.add(norm);
              }
            });
    return norms;
  }
}
