package io.stagecoach.replan;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
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
  private final double worthAMove;

  /**
   * @param request what any cut must keep to
   * @param replicas how many pipelines of one cut work side by side
   * @param devices which stages may be on which devices; those of all replicas are numbered through
   * @param estimates what the layers should take
   * @param worthAMove the share of a step that must be gained for executors to change places too; 0
   *     for any
   */
  public CutSearch(
      PlanRequest request,
      int replicas,
      DevicePins devices,
      LayerEstimates estimates,
      StepTime stepTime,
      double worthAMove) {
    this.request = request;
    this.replicas = replicas;
    this.devices = devices;
    this.estimates = estimates;
    this.stepTime = stepTime;
    this.worthAMove = worthAMove;
  }

  /**
   * A pipeline at work.
   *
   * @param speeds its devices, by place
   * @param costs what its stages and hops take, in nanoseconds
   * @param schedule on the executors that there are
   * @param stepNanos what a step takes by that
   */
  public record Now(DeviceSpeeds speeds, StageCosts costs, Schedule schedule, long stepNanos) {

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
    try {
      List<Integer> asTheyAre = IntStream.range(0, now.speeds().executors()).boxed().toList();
      Found best = found(now, asTheyAre);
      for (List<Integer> order : orders(now, asTheyAre)) {
        if (!order.equals(asTheyAre) && isAllowed(order)) {
          best = betterOf(best, now, order);
        }
      }
      return Optional.of(best);
    } catch (StagecoachException e) {
      if (e.kind() != ErrorKind.PLAN) {
        throw e;
      }
      LOG.debug("no other cut fits", e);
      return Optional.empty();
    }
  }

  private List<List<Integer>> orders(Now now, List<Integer> asTheyAre) {
    DeviceSpeeds speeds = now.speeds();
    List<List<Integer>> orders = new ArrayList<>();
    // Places that share an executor have none that they could give for another one.
    if (now.hosts() == speeds.executors()) {
      orders.add(order(speeds, asTheyAre));
      if (replicas > 1) {
        orders.add(order(speeds, speeds.likeBesideLike()));
      }
    }
    return orders;
  }

  /** The best order in which each stage's executors, those of all replicas, stay together. */
  private List<Integer> order(DeviceSpeeds speeds, List<Integer> base) {
    int ofReplica = request.executors();
    DevicePins together =
        (stage, device) ->
            IntStream.range(0, replicas)
                .map(replica -> replica * ofReplica)
                .allMatch(first -> devices.allow(first + stage, base.get(first + device)));
    List<Integer> places =
        DeviceOrder.best(request, together, speeds.inOrder(base).times(estimates), worthAMove);
    return IntStream.range(0, base.size())
        .mapToObj(place -> base.get(place / ofReplica * ofReplica + places.get(place % ofReplica)))
        .toList();
  }

  /** Whether pins allow it; where executors have several stages each nobody changes places. */
  private boolean isAllowed(List<Integer> order) {
    return request.chunks() == 1
        && IntStream.range(0, order.size())
            .allMatch(place -> devices.allow(place, order.get(place)));
  }

  /** What there is with devices in another order, where that is worth it. */
  private Found betterOf(Found asTheyAre, Now now, List<Integer> order) {
    try {
      Found other = found(now, order);
      long gain = asTheyAre.stepNanos() - other.stepNanos();
      return gain > 0 && gain >= worthAMove * now.stepNanos() ? other : asTheyAre;
    } catch (StagecoachException e) {
      if (e.kind() != ErrorKind.PLAN) {
        throw e;
      }
      // The order was looked for without what executors mirror of their neighbours.
      LOG.debug("no cut fits for the order {}", order, e);
      return asTheyAre;
    }
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
        Partitioners.measured(ordered.times(estimates, place -> sharing[place])).partition(request);
    StageCosts costs = ordered.costs(plan, now.costs(), estimates);
    return new Found(plan, order, costs, stepTime.of(now.schedule(), costs));
  }
}
