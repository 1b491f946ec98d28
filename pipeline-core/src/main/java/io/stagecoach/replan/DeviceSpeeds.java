package io.stagecoach.replan;

import io.stagecoach.engine.profile.DeviceTimes;
import io.stagecoach.plan.DeviceLimits;
import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.plan.StageTime;
import io.stagecoach.plan.Stash;
import io.stagecoach.schedule.StageCosts;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntToLongFunction;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * How long each executor's device takes for its layers, as a multiple of what was estimated:
 * forward and backward passes apart, for a device may be slow at one of them.
 *
 * @param replicas how many pipelines work side by side, all cut alike: as many executors have the
 *     same layers
 * @param forward by executor, those of one replica after those of the one before
 * @param backward by executor
 */
public record DeviceSpeeds(int replicas, List<Double> forward, List<Double> backward) {

  public DeviceSpeeds {
    forward = List.copyOf(forward);
    backward = List.copyOf(backward);
  }

  /**
   * What was measured of executors before they have stages.
   *
   * @param devices all executors of all replicas, by place, side by side at the same layers
   */
  public static DeviceSpeeds of(List<DeviceTimes> devices, int replicas) {
    long forward = devices.stream().mapToLong(DeviceTimes::forward).min().orElseThrow();
    long backward = devices.stream().mapToLong(DeviceTimes::backward).min().orElseThrow();
    return new DeviceSpeeds(
        replicas,
        devices.stream().map(device -> (double) device.forward() / forward).toList(),
        devices.stream().map(device -> (double) device.backward() / backward).toList());
  }

  /**
   * What a pipeline shows.
   *
   * @param observed what its stages take, those of all replicas
   * @param plan the cut of each replica
   * @param executors how many host the stages of one: its stage s is on its executor s mod
   *     executors
   */
  static DeviceSpeeds of(
      StageCosts observed, Plan plan, int executors, int replicas, LayerEstimates estimates) {
    int stages = plan.stages().size();
    List<Double> forward = new ArrayList<>();
    List<Double> backward = new ArrayList<>();
    for (int executor = 0; executor < replicas * executors; executor++) {
      int firstOfReplica = executor / executors * stages;
      long forwardSeen = 0;
      long forwardEstimated = 0;
      long backwardSeen = 0;
      long backwardEstimated = 0;
      for (int s = executor % executors; s < stages; s += executors) {
        PlannedStage stage = plan.stages().get(s);
        forwardSeen += observed.forward().get(firstOfReplica + s);
        backwardSeen += observed.backward().get(firstOfReplica + s);
        forwardEstimated += estimates.forward(stage.firstLayer(), stage.endLayer());
        backwardEstimated +=
            estimates.backward(stage.firstLayer(), stage.endLayer(), stage.stash());
      }
      forward.add((double) forwardSeen / forwardEstimated);
      backward.add((double) backwardSeen / backwardEstimated);
    }
    return new DeviceSpeeds(replicas, forward, backward);
  }

  /** The same devices, when each place has the one that has the given place now. */
  DeviceSpeeds inOrder(List<Integer> order) {
    return new DeviceSpeeds(
        replicas,
        order.stream().map(forward::get).toList(),
        order.stream().map(backward::get).toList());
  }

  /** How many executors there are. */
  int executors() {
    return forward.size();
  }

  private int executorsOfReplica() {
    return executors() / replicas;
  }

  /**
   * An order in which executors that are alike have the same layers: whoever is waited for at the
   * gradient barrier then waits, too, for as long.
   */
  List<Integer> likeBesideLike() {
    return beside(bySlowness());
  }

  /** The same where those are alike above all that may hold as much. */
  List<Integer> likeBesideLike(DeviceLimits limits) {
    return beside(Comparator.comparingLong(limits::of).reversed().thenComparing(bySlowness()));
  }

  private Comparator<Integer> bySlowness() {
    return Comparator.comparingDouble(executor -> forward.get(executor) + backward.get(executor));
  }

  private List<Integer> beside(Comparator<Integer> likeness) {
    List<Integer> sorted = IntStream.range(0, executors()).boxed().sorted(likeness).toList();
    List<Integer> order = new ArrayList<>();
    for (int replica = 0; replica < replicas; replica++) {
      for (int place = 0; place < executorsOfReplica(); place++) {
        order.add(sorted.get(place * replicas + replica));
      }
    }
    return order;
  }

  /**
   * What any run of layers would take as any stage, in nanoseconds: in the replica in which that is
   * longest.
   */
  StageTime times(LayerEstimates estimates) {
    return times(estimates, executor -> 1);
  }

  /**
   * The same where some executors' places are on one: each takes as many times as long as there are
   * on it, so that stages that share an executor get as much of it as those with one of their own.
   *
   * @param sharing how many places are where an executor's is
   */
  StageTime times(LayerEstimates estimates, IntUnaryOperator sharing) {
    StageTime whole =
        (stage, first, end) ->
            longest(
                stage,
                executor ->
                    sharing.applyAsInt(executor)
                        * (forward(executor, first, end, estimates)
                            + backward(executor, first, end, Stash.ACTIVATIONS, estimates)));
    // A device may be slow at all that belongs to a backward pass.
    StageTime again =
        (stage, first, end) ->
            longest(
                stage,
                executor ->
                    sharing.applyAsInt(executor)
                        * (backward(executor, first, end, Stash.INPUTS, estimates)
                            - backward(executor, first, end, Stash.ACTIVATIONS, estimates)));
    return StageTime.of(whole, again);
  }

  private long longest(int stage, IntToLongFunction ofExecutor) {
    long longest = 0;
    for (int replica = 0; replica < replicas; replica++) {
      longest = Math.max(longest, ofExecutor.applyAsLong(executorOf(replica, stage)));
    }
    return longest;
  }

  private int executorOf(int replica, int stage) {
    return replica * executorsOfReplica() + stage % executorsOfReplica();
  }

  private long forward(int executor, int first, int end, LayerEstimates estimates) {
    return Math.round(forward.get(executor) * estimates.forward(first, end));
  }

  private long backward(int executor, int first, int end, Stash stash, LayerEstimates estimates) {
    return Math.round(backward.get(executor) * estimates.backward(first, end, stash));
  }

  /**
   * What the stages of another cut, those of all replicas, would take; of the backward passes the
   * same share for the weights.
   *
   * @param hops of that cut
   */
  public StageCosts costs(
      Plan other, StageCosts observed, List<Long> hops, LayerEstimates estimates) {
    List<Long> forwards = new ArrayList<>();
    List<Long> backwards = new ArrayList<>();
    List<Long> weights = new ArrayList<>();
    for (int i = 0; i < replicas * other.stages().size(); i++) {
      int s = i % other.stages().size();
      int executor = executorOf(i / other.stages().size(), s);
      PlannedStage stage = other.stages().get(s);
      forwards.add(forward(executor, stage.firstLayer(), stage.endLayer(), estimates));
      long whole =
          backward(executor, stage.firstLayer(), stage.endLayer(), stage.stash(), estimates);
      backwards.add(whole);
      double share = (double) observed.weights().get(i) / Math.max(1, observed.backward().get(i));
      weights.add(stage.recomputes() ? 0 : Math.min(whole, Math.round(share * whole)));
    }
    return new StageCosts(forwards, backwards, weights, hops);
  }

  /** How many times as long as the fastest executor one takes for the same layers. */
  double relative(int executor) {
    double fastest = Double.MAX_VALUE;
    for (int other = 0; other < forward.size(); other++) {
      fastest = Math.min(fastest, forward.get(other) + backward.get(other));
    }
    return (forward.get(executor) + backward.get(executor)) / fastest;
  }
}
