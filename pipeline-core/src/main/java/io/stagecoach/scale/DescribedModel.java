package io.stagecoach.scale;

import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.ModelCosts;
import java.util.ArrayList;
import java.util.List;

/**
 * A model of groups of like layers.
 *
 * @param inputBytes the features of one example
 * @param bytesPerNumber of weights and gradients: 4 for float32
 * @param updaterNumbers what the updater keeps for each parameter: 0 for SGD, 1 for momentum, 2 for
 *     Adam
 * @param layers the groups, in model order
 */
public record DescribedModel(
    long inputBytes, int bytesPerNumber, int updaterNumbers, List<LayerGroup> layers) {

  /**
   * Layers that are alike, one after another.
   *
   * @param count how many
   * @param name what they are called
   * @param parameters of one of them
   * @param forwardOperations floating-point operations of a forward pass of one example
   * @param backwardOperations the same of a backward pass
   * @param outputBytes what one example's output is
   * @param stashBytes what is kept of one example from forward to backward
   */
  public record LayerGroup(
      int count,
      String name,
      long parameters,
      long forwardOperations,
      long backwardOperations,
      long outputBytes,
      long stashBytes) {

    public LayerGroup {
      ScaleDescription.requirePositive("count of " + name, count);
      ScaleDescription.requireNotNegative("parameters of " + name, (double) parameters);
      ScaleDescription.requirePositive("forwardOperations of " + name, (double) forwardOperations);
      ScaleDescription.requirePositive(
          "backwardOperations of " + name, (double) backwardOperations);
      ScaleDescription.requireNotNegative("outputBytes of " + name, (double) outputBytes);
      ScaleDescription.requireNotNegative("stashBytes of " + name, (double) stashBytes);
    }
  }

  public DescribedModel {
    layers = List.copyOf(layers);
    ScaleDescription.requireNotNegative("inputBytes", (double) inputBytes);
    ScaleDescription.requirePositive("bytesPerNumber", bytesPerNumber);
    ScaleDescription.requireNotNegative("updaterNumbers", updaterNumbers);
    if (layers.isEmpty()) {
      throw ScaleDescription.wrong("the model has no layer");
    }
  }

  /** The costs of micro-batches of so many examples. */
  public ModelCosts costs(int microBatch) {
    List<LayerCost> costs = new ArrayList<>();
    for (LayerGroup group : layers) {
      for (int i = 0; i < group.count(); i++) {
        costs.add(
            new LayerCost(
                costs.size(),
                group.name(),
                group.name(),
                group.parameters(),
                group.parameters() * bytesPerNumber,
                group.parameters() * bytesPerNumber,
                group.parameters() * bytesPerNumber * updaterNumbers,
                group.outputBytes() * microBatch,
                group.stashBytes() * microBatch,
                0,
                group.forwardOperations() * microBatch,
                group.backwardOperations() * microBatch));
      }
    }
    return new ModelCosts(costs, inputBytes * microBatch, microBatch);
  }

  /** All of its parameters. */
  public long parameters() {
    return layers.stream().mapToLong(group -> group.count() * group.parameters()).sum();
  }

  /** What an update reads and writes for each parameter: weight, gradient and updater state. */
  double updateBytes() {
    return (3.0 + 2.0 * updaterNumbers) * bytesPerNumber;
  }
}
