package io.stagecoach.engine.profile;

import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlanTimes;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.schedule.StageCosts;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * What was measured before a run's first step, on the machines that it runs on.
 *
 * @param batchSize the examples of a mini-batch
 * @param model the layers, with their sizes for some micro-batch
 * @param layers what they take
 * @param hops what hops take
 * @param seconds what measuring took
 * @param conditions what the times depend on, by name: under others they would be others; empty
 *     where nobody has said it
 * @param devices what the executors took for the same layers, side by side; empty where that was
 *     not measured
 * @param pairs what hops take between each two of the executors; empty where that was not measured
 * @param rooms what memory the executors have; empty where nobody asked
 */
public record RunProfile(
    int batchSize,
    ModelCosts model,
    LayerTimes layers,
    HopTimes hops,
    double seconds,
    Map<String, String> conditions,
    List<DeviceTimes> devices,
    List<PairTimes> pairs,
    List<DeviceRoom> rooms) {

  public RunProfile {
    // Profiles from before they said it.
    conditions =
        conditions == null
            ? Map.of()
            : Collections.unmodifiableMap(new LinkedHashMap<>(conditions));
    devices = devices == null ? List.of() : List.copyOf(devices);
    pairs = pairs == null ? List.of() : List.copyOf(pairs);
    rooms = rooms == null ? List.of() : List.copyOf(rooms);
  }

  /** Of executors that were not compared, under conditions that nobody has said. */
  public RunProfile(
      int batchSize, ModelCosts model, LayerTimes layers, HopTimes hops, double seconds) {
    this(batchSize, model, layers, hops, seconds, Map.of(), List.of(), List.of(), List.of());
  }

  /** The same, measured under these conditions. */
  public RunProfile under(Map<String, String> measuredUnder) {
    return new RunProfile(
        batchSize, model, layers, hops, seconds, measuredUnder, devices, pairs, rooms);
  }

  /** The same, with what the executors took. */
  public RunProfile on(List<DeviceTimes> measured) {
    return new RunProfile(
        batchSize, model, layers, hops, seconds, conditions, measured, pairs, rooms);
  }

  /** The same, with what hops take between each two executors. */
  public RunProfile between(List<PairTimes> measured) {
    return new RunProfile(
        batchSize, model, layers, hops, seconds, conditions, devices, measured, rooms);
  }

  /** The same, with what memory the executors have. */
  public RunProfile with(List<DeviceRoom> found) {
    return new RunProfile(
        batchSize, model, layers, hops, seconds, conditions, devices, pairs, found);
  }

  /**
   * What a hop between two executors takes, in nanoseconds; where these two were not measured, what
   * hops take.
   *
   * @param one Spark's id of one of them
   * @param other Spark's id of the other
   */
  public long hop(String one, String other, long bytes) {
    return pairs.stream()
        .filter(pair -> pair.isBetween(one, other))
        .findFirst()
        .map(PairTimes::hop)
        .orElse(hops)
        .of(bytes);
  }

  /** The most bytes that pass between two layers, of a micro-batch of the model's size. */
  public long largestHop() {
    return model.layers().stream()
        .limit(model.size() - 1L)
        .mapToLong(LayerCost::outputBytes)
        .max()
        .orElse(0);
  }

  /** Whether hops between some of the executors take longer than between others. */
  public boolean pairsDiffer() {
    return PairTimes.differ(pairs, largestHop());
  }

  /**
   * Why the times may be others now.
   *
   * @param now the conditions that count
   * @return a few words for each of them that was another; empty where all were the same
   */
  public List<String> differences(Map<String, String> now) {
    if (conditions.isEmpty()) {
      return List.of("it does not say under what conditions it was measured");
    }
    List<String> differences = new ArrayList<>();
    now.forEach(
        (name, value) -> {
          String before = conditions.get(name);
          if (!value.equals(before)) {
            differences.add(
                before == null
                    ? name + " is " + value + ", and was not noted"
                    : name + " was " + before + ", is " + value);
          }
        });
    return differences;
  }

  /** How the stages' passes are made up. */
  public enum Backward {
    /** In one piece. */
    WHOLE,
    /** In two halves, but of stages that run forward again: these in one piece. */
    SPLIT
  }

  /** Each layer's forward and backward pass together, in nanoseconds. */
  public List<Long> layerTimes(int rows) {
    return times(rows, PassTimes::total);
  }

  /** Each layer's forward pass, in nanoseconds. */
  public List<Long> forwardTimes(int rows) {
    return times(rows, PassTimes::forward);
  }

  private List<Long> times(int rows, Function<PassTimes, Long> of) {
    return IntStream.range(0, layers.layers())
        .mapToObj(layer -> of.apply(layers.layer(layer, rows)))
        .toList();
  }

  /**
   * What a plan's stages and hops cost, for micro-batches of so many examples, in nanoseconds.
   * Stages that keep only their inputs run forward again in their backward passes.
   */
  public StageCosts costs(Plan plan, int rows, Backward backward) {
    List<Long> forward = new ArrayList<>();
    List<Long> whole = new ArrayList<>();
    List<Long> weights = new ArrayList<>();
    for (PlannedStage stage : plan.stages()) {
      PassTimes times = layers.stage(stage.firstLayer(), stage.endLayer(), rows);
      boolean split = backward == Backward.SPLIT && !stage.recomputes();
      forward.add(times.forward());
      whole.add(
          split
              ? times.backwardInput() + times.backwardWeights()
              : times.backward() + (stage.recomputes() ? times.forward() : 0));
      weights.add(split ? times.backwardWeights() : 0L);
    }
    return new StageCosts(forward, whole, weights, 0).withHops(hops(plan, rows));
  }

  /**
   * What the parts of a plan should take, for micro-batches of so many examples.
   *
   * @param ofOne what the stages of a replica, and hops, cost
   * @param step what a step takes by that, in nanoseconds
   */
  public PlanTimes planTimes(int rows, StageCosts ofOne, long step) {
    return new PlanTimes(layerTimes(rows), ofOne.forward(), ofOne.backward(), ofOne.hop(), step);
  }

  /** By border, for micro-batches of so many examples. */
  private List<Long> hops(Plan plan, int rows) {
    return plan.stages().stream()
        .limit(plan.stages().size() - 1L)
        .map(stage -> hops.of(bytes(model.bytesInto(stage.endLayer()), rows)))
        .toList();
  }

  private long bytes(long ofTheModel, int rows) {
    return ofTheModel * rows / model.microBatch();
  }
}
