package io.stagecoach.spark.job;

import io.stagecoach.engine.profile.DeviceTimes;
import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.plan.PlanRequest;
import io.stagecoach.plan.PlanTimes;
import io.stagecoach.replan.CutSearch;
import io.stagecoach.replan.DeviceSpeeds;
import io.stagecoach.replan.LayerEstimates;
import io.stagecoach.replan.StepTime;
import io.stagecoach.schedule.StageCosts;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiPredicate;

/**
 * How a run begins whose executors differ: a cut for them, and which of them has which place.
 *
 * @param plan the plan for executors that are alike, cut for these
 * @param seats Spark's ids of the executors, by place
 * @param times what the plan's parts should take on them
 * @param reason a line for people
 */
record DevicePlan(TrainingPlan plan, List<String> seats, PlanTimes times, String reason) {

  /**
   * The best one.
   *
   * @param alike the plan for executors that are alike
   * @param request what any cut must keep to
   * @param profile what was measured
   * @param devices the executors that are to have the places, by place
   * @param mayHave whether one may have a place
   * @return empty where no cut fits
   */
  static Optional<DevicePlan> of(
      TrainingPlan alike,
      PlanRequest request,
      RunProfile profile,
      StepTime stepTime,
      List<DeviceTimes> devices,
      BiPredicate<Integer, DeviceTimes> mayHave) {
    LayerEstimates estimates = Replanning.estimates(profile, alike);
    DeviceSpeeds speeds = DeviceSpeeds.of(devices, alike.replicas());
    StageCosts costs =
        speeds.costs(
            alike.plan(),
            profile
                .costs(alike.plan(), alike.rows(), PipelineChoices.backward(alike))
                .replicated(alike.replicas()),
            estimates);
    long now = stepTime.of(alike.schedule(), costs);
    return new CutSearch(
            request,
            alike.replicas(),
            (place, device) -> mayHave.test(place, devices.get(device)),
            estimates,
            stepTime,
            // Nobody has a place yet.
            0)
        .best(new CutSearch.Now(speeds, costs, alike.schedule(), now))
        .map(
            found ->
                new DevicePlan(
                    alike.cutAs(found.plan()),
                    seats(found, devices),
                    profile.planTimes(
                        alike.rows(), found.costs().slowest(alike.replicas()), found.stepNanos()),
                    reason(found, alike, devices, now)));
  }

  private static List<String> seats(CutSearch.Found found, List<DeviceTimes> devices) {
    return found.order().stream().map(place -> devices.get(place).executor()).toList();
  }

  private static String reason(
      CutSearch.Found found, TrainingPlan alike, List<DeviceTimes> devices, long now) {
    Comparator<DeviceTimes> byTime = Comparator.comparingLong(DeviceTimes::total);
    DeviceTimes slowest = devices.stream().max(byTime).orElseThrow();
    DeviceTimes fastest = devices.stream().min(byTime).orElseThrow();
    return String.format(
        Locale.ROOT,
        "executor %s on %s takes %.2f times as long as the fastest: layers %s on executors %s, where"
            + " such that are alike would have %s; simulated step %.1f ms, not %.1f",
        slowest.executor(),
        slowest.host(),
        (double) slowest.total() / fastest.total(),
        found.plan().ranges(),
        String.join(", ", seats(found, devices)),
        alike.plan().ranges(),
        found.stepNanos() / 1e6,
        now / 1e6);
  }
}
