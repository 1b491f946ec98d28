package io.stagecoach.plan;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.List;

/** The partitioners by name. */
public final class Partitioners {

  private static final List<Partitioner> ALL =
      List.of(
          new MinMaxPartitioner("balanced", LayerCost::operations),
          new MinMaxPartitioner("parameters", LayerCost::parameters),
          new UniformPartitioner());

  private Partitioners() {}

  /** Every name, the default first. */
  public static List<String> names() {
    return ALL.stream().map(Partitioner::name).toList();
  }

  /**
   * The least time for the slowest stage, by measured times.
   *
   * @param times what each layer takes, forward and backward, in model order
   */
  public static Partitioner measured(List<Long> times) {
    List<Long> copy = List.copyOf(times);
    return new MinMaxPartitioner("measured", layer -> copy.get(layer.index()));
  }

  /**
   * The partitioner of this name.
   *
   * @throws StagecoachException of kind {@code CONFIGURATION} where there is none
   */
  public static Partitioner named(String name) {
    return ALL.stream()
        .filter(partitioner -> partitioner.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new StagecoachException(
                    ErrorKind.CONFIGURATION,
                    "there is no partitioner \"" + name + "\"",
                    "Use one of: " + String.join(", ", names()) + "."));
  }
}
