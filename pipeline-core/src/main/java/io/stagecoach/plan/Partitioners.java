package io.stagecoach.plan;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.List;

/** The partitioners by name. */
public final class Partitioners {

  private static final String MEASURED = "measured";

  private static final List<Partitioner> ALL =
      List.of(
          new MinMaxPartitioner("balanced", StageTime::operations),
          new MinMaxPartitioner("parameters", model -> StageTime.sum(model, LayerCost::parameters)),
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
   * @param forward the part of it that the forward pass takes
   */
  public static Partitioner measured(List<Long> times, List<Long> forward) {
    List<Long> whole = List.copyOf(times);
    List<Long> again = List.copyOf(forward);
    return new MinMaxPartitioner(
        MEASURED,
        model ->
            StageTime.of(
                StageTime.sum(model, layer -> whole.get(layer.index())),
                StageTime.sum(model, layer -> again.get(layer.index()))));
  }

  /**
   * The least time for the slowest stage, on devices that differ.
   *
   * @param times what layers take on the device of each stage
   */
  public static Partitioner measured(StageTime times) {
    return new MinMaxPartitioner(MEASURED, model -> times);
  }

  /**
   * Makes the stages that somebody wants.
   *
   * @param firstLayers the first layer of each
   */
  public static Partitioner given(List<Integer> firstLayers) {
    return new GivenCut(firstLayers);
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
