package io.stagecoach.replan;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.DeviceLimits;
import io.stagecoach.plan.DeviceOrder;
import io.stagecoach.plan.DevicePins;
import io.stagecoach.plan.Partitioners;
import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlanRequest;
import io.stagecoach.schedule.FewerExecutors;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.StageCosts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The best cut of a pipeline for the devices that it has, and the best order of its executors where
 * another one is worth that they change places.
 */
public final class CutSearch {

  private static final Logger LOG = LoggerFactory.getLogger(CutSearch.class);

  private final PlanRequest request;
  private final int replicas;
  private final DevicePins devices;
  private final LayerEstimates estimates;
  private final StepTime stepTime;
  private final Effort effort;

  /**
   * @param request what any cut must keep to, but for what devices may hold
   * @param replicas how many pipelines of one cut work side by side
   * @param devices which stages may be on which devices; those of all replicas are numbered through
   * @param estimates what the layers should take
   */
  public CutSearch(
      PlanRequest request,
      int replicas,
      DevicePins devices,
      LayerEstimates estimates,
      StepTime stepTime,
      Effort effort) {
    this.request = request;
    this.replicas = replicas;
    this.devices = devices;
    this.estimates = estimates;
    this.stepTime = stepTime;
    this.effort = effort;
  }

  /**
   * How much is done for an order.
   *
   * @param worthAMove the share of a step that must be gained for executors to change places too; 0
   *     for any
   * @param orders how many orders are looked at where hops depend on it
   */
  public record Effort(double worthAMove, int orders) {

    /** Nobody has a place yet, and nothing waits but the first step. */
    public static final Effort BEFORE_THE_START = new Effort(0, 600);

    /** All wait for it. */
    static final Effort BETWEEN_STEPS = new Effort(0.02, 40);
  }

  /**
   * A pipeline at work.
   *
   * @param speeds its devices, by place
   * @param limits what its devices may hold, by place
   * @param costs what its stages and hops take, in nanoseconds
   * @param hops what hops between its devices should take, in nanoseconds
   * @param schedule on the executors that there are
   * @param stepNanos what a step takes by that
   */
  public record Now(
      DeviceSpeeds speeds,
      DeviceLimits limits,
      StageCosts costs,
      HopEstimates hops,
      Schedule schedule,
      long stepNanos) {

    /** How many executors have the places; with fewer than these several places are on one. */
    int hosts() {
      return schedule.executors().size();
    }
  }

  /**
   * A cut.
   *
   * @param order for each executor's place, the place that the executor has now which is to take it
   * @param costs what its stages should take there, in nanoseconds
   * @param stepNanos what a step should take
   */
  public record Found(Plan plan, List<Integer> order, StageCosts costs, long stepNanos) {}

  /** The best one; perhaps the one that there is. Empty where none fits. */
  public Optional<Found> best(Now now) {
    List<Integer> asTheyAre = asTheyAre();
    Optional<Found> best = whereOneFits(() -> found(now, asTheyAre));
    for (List<Integer> base : bases(now, asTheyAre)) {
      Optional<List<Integer>> order =
          whereOneFits(() -> order(now, base))
              .filter(other -> !other.equals(asTheyAre))
              .filter(this::isAllowed);
      if (order.isPresent()) {
        // The order was looked for without what executors mirror of their neighbours.
        Optional<Found> other = whereOneFits(() -> found(now, order.get()));
        best = betterOf(best, other, now);
      }
    }
    return mayMove(now) && now.hops().differ(now.speeds().executors())
        ? betterOf(best, nearest(now, best.map(Found::order).orElse(asTheyAre)), now)
        : best;
  }

  /** Whether executors may change places. */
  private boolean mayMove(Now now) {
    // Places that share an executor have none that they could give for another one.
    return now.hosts() == now.speeds().executors() && request.chunks() == 1;
  }

  /** The best order that is found by what a step takes: the other search knows of no hops. */
  private Optional<Found> nearest(Now now, List<Integer> order) {
    return new OrderSearch(effort.orders())
        .best(order, other -> ifAllowed(now, other), Found::stepNanos);
  }

  private Optional<Found> ifAllowed(Now now, List<Integer> order) {
    return isAllowed(order) ? whereOneFits(() -> found(now, order)) : Optional.empty();
  }

  /** What a search finds; nothing where no cut fits. */
  private static <T> Optional<T> whereOneFits(Supplier<T> search) {
    try {
      return Optional.of(search.get());
    } catch (StagecoachException e) {
      if (e.kind() != ErrorKind.PLAN) {
        throw e;
      }
      LOG.debug("no cut fits", e);
      return Optional.empty();
    }
  }

  /** What orders are looked for from: who has the same stages in the replicas stays together. */
  private List<List<Integer>> bases(Now now, List<Integer> asTheyAre) {
    List<List<Integer>> bases = new ArrayList<>();
    if (mayMove(now)) {
      bases.add(asTheyAre);
      if (replicas > 1) {
        bases.add(now.speeds().likeBesideLike());
        if (!now.limits().areAlike()) {
          bases.add(now.speeds().likeBesideLike(now.limits()));
        }
      }
    }
    return bases;
  }

  /** The best order in which each stage's executors, those of all replicas, stay together. */
  private List<Integer> order(Now now, List<Integer> base) {
    int ofReplica = request.executors();
    DevicePins together =
        (stage, device) ->
            IntStream.range(0, replicas)
                .map(replica -> replica * ofReplica)
                .allMatch(first -> devices.allow(first + stage, base.get(first + device)));
    List<Integer> places =
        DeviceOrder.best(
            request.within(now.limits().inOrder(base)),
            together,
            now.speeds().inOrder(base).times(estimates),
            effort.worthAMove());
    return IntStream.range(0, base.size())
        .mapToObj(place -> base.get(place / ofReplica * ofReplica + places.get(place % ofReplica)))
        .toList();
  }

  /** Whether pins allow it; where executors have several stages each nobody changes places. */
  private boolean isAllowed(List<Integer> order) {
    return IntStream.range(0, order.size())
        .allMatch(place -> devices.allow(place, order.get(place)));
  }

  /** The other one where it is worth it. */
  private Optional<Found> betterOf(Optional<Found> best, Optional<Found> other, Now now) {
    if (best.isEmpty() || other.isEmpty()) {
      return best.or(() -> other);
    }
    long gain = best.get().stepNanos() - other.get().stepNanos();
    return gain > 0 && gain >= effort.worthAMove() * now.stepNanos() ? other : best;
  }

  /** The best cut for devices in this order. */
  private Found found(Now now, List<Integer> order) {
    DeviceSpeeds ordered = now.speeds().inOrder(order);
    int places = ordered.executors();
    int[] sharing =
        IntStream.range(0, places)
            .map(place -> FewerExecutors.sharing(place, places, now.hosts()))
            .toArray();
    Plan plan =
        Partitioners.measured(ordered.times(estimates, place -> sharing[place]))
            .partition(request.within(now.limits().inOrder(order)));
    StageCosts costs = ordered.costs(plan, now.costs(), hops(plan, now.hops(), order), estimates);
    return new Found(plan, order, costs, stepTime.of(now.schedule(), costs));
  }

  /**
   * The estimates as they are where it is known what hops take in the mean.
   *
   * @param plan the cut that there is, on devices as they are
   * @param nanos the mean of its hops
   */
  HopEstimates asSeen(Plan plan, HopEstimates estimated, long nanos) {
    List<Double> all = new ArrayList<>();
    for (int replica = 0; replica < replicas; replica++) {
      for (int border = 0; border < plan.stages().size() - 1; border++) {
        all.add(hop(plan, estimated, asTheyAre(), replica, border));
      }
    }
    return estimated.scaledTo(all, (double) nanos);
  }

  /** Hops by border, of all replicas, on devices as they are. */
  public List<Long> hops(Plan plan, HopEstimates estimated) {
    return hops(plan, estimated, asTheyAre());
  }

  private List<Integer> asTheyAre() {
    return IntStream.range(0, replicas * request.executors()).boxed().toList();
  }

  private List<Long> hops(Plan plan, HopEstimates estimated, List<Integer> order) {
    return StageCosts.sideBySide(
        IntStream.range(0, replicas)
            .mapToObj(
                replica ->
                    IntStream.range(0, plan.stages().size() - 1)
                        .mapToObj(
                            border -> Math.round(hop(plan, estimated, order, replica, border)))
                        .toList())
            .toList());
  }

  private double hop(
      Plan plan, HopEstimates estimated, List<Integer> order, int replica, int border) {
    int executors = request.executors();
    int first = replica * executors;
    return estimated.of(
        order.get(first + border % executors),
        order.get(first + (border + 1) % executors),
        plan.model().bytesInto(plan.stages().get(border).endLayer()));
  }
}
