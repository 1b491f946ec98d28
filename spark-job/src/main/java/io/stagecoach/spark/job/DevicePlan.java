package io.stagecoach.spark.job;

import io.stagecoach.engine.profile.DeviceTimes;
import io.stagecoach.engine.profile.PairTimes;
import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.plan.DeviceLimits;
import io.stagecoach.plan.PlanRequest;
import io.stagecoach.plan.PlanTimes;
import io.stagecoach.plan.Quantity;
import io.stagecoach.replan.CutSearch;
import io.stagecoach.replan.DeviceSpeeds;
import io.stagecoach.replan.HopEstimates;
import io.stagecoach.schedule.StageCosts;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.stream.IntStream;

/**
 * How a run begins whose executors differ: a cut for them, and which of them has which place.
 *
 * @param plan the plan for executors that are alike, cut for these
 * @param seats Spark's ids of the executors, by place
 * @param times what the plan's parts should take on them, where layers were measured
 * @param reason a line for people
 */
record DevicePlan(TrainingPlan plan, List<String> seats, Optional<PlanTimes> times, String reason) {

  /**
   * The best one.
   *
   * @param alike the plan for executors that are alike
   * @param request what any cut must keep to, but for what executors may hold
   * @param parts what the parts of that plan cost
   * @param devices the executors that are to have the places, by place
   * @param limits what each of them may hold
   * @param mayHave whether one may have a place
   * @return empty where no cut fits
   */
  static Optional<DevicePlan> of(
      TrainingPlan alike,
      PlanRequest request,
      PartCosts parts,
      List<DeviceTimes> devices,
      DeviceLimits limits,
      BiPredicate<Integer, DeviceTimes> mayHave) {
    DeviceSpeeds speeds = DeviceSpeeds.of(devices, alike.replicas());
    CutSearch search =
        new CutSearch(
            request,
            alike.replicas(),
            (place, device) -> mayHave.test(place, devices.get(device)),
            parts.layers(),
            parts.stepTime(),
            CutSearch.Effort.BEFORE_THE_START);
    HopEstimates hops = parts.hops(devices.stream().map(DeviceTimes::executor).toList());
    StageCosts costs =
        speeds.costs(alike.plan(), parts.stages(), search.hops(alike.plan(), hops), parts.layers());
    long now = parts.stepTime().of(alike.schedule(), costs);
    return search
        .best(new CutSearch.Now(speeds, limits, costs, hops, alike.schedule(), now))
        .map(
            found ->
                new DevicePlan(
                    alike.cutAs(found.plan()),
                    seats(found, devices),
                    parts.times(alike, found.costs(), found.stepNanos()),
                    why(devices, limits, parts)
                        + cut(found, alike, devices)
                        + (parts.profile().isPresent() ? steps(found, now) : "")));
  }

  private static List<String> seats(CutSearch.Found found, List<DeviceTimes> devices) {
    return found.order().stream().map(place -> devices.get(place).executor()).toList();
  }

  private static String why(List<DeviceTimes> devices, DeviceLimits limits, PartCosts parts) {
    List<String> why = new ArrayList<>();
    Comparator<DeviceTimes> byTime = Comparator.comparingLong(DeviceTimes::total);
    DeviceTimes slowest = devices.stream().max(byTime).orElseThrow();
    DeviceTimes fastest = devices.stream().min(byTime).orElseThrow();
    if (slowest.total() > fastest.total()) {
      why.add(
          String.format(
              Locale.ROOT,
              "%s takes %.2f times as long as the fastest",
              name(slowest),
              (double) slowest.total() / fastest.total()));
    }
    if (!limits.areAlike()) {
      IntStream.range(0, devices.size())
          .filter(device -> limits.of(device) < DeviceLimits.UNLIMITED)
          .mapToObj(
              device ->
                  name(devices.get(device)) + " may hold " + Quantity.bytes(limits.of(device)))
          .forEach(why::add);
    }
    parts.profile().filter(RunProfile::pairsDiffer).map(DevicePlan::pairs).ifPresent(why::add);
    return String.join(", ", why) + ": ";
  }

  private static String pairs(RunProfile profile) {
    long bytes = profile.largestHop();
    Comparator<PairTimes> byTime = Comparator.comparingLong(pair -> pair.hop().of(bytes));
    PairTimes slowest = profile.pairs().stream().max(byTime).orElseThrow();
    PairTimes fastest = profile.pairs().stream().min(byTime).orElseThrow();
    return String.format(
        Locale.ROOT,
        "a hop of %s takes %.2f ms between executors %s and %.2f between %s",
        Quantity.bytes(bytes),
        slowest.hop().of(bytes) / 1e6,
        slowest.words(),
        fastest.hop().of(bytes) / 1e6,
        fastest.words());
  }

  private static String name(DeviceTimes device) {
    return "executor " + device.executor() + " on " + device.host();
  }

  private static String cut(CutSearch.Found found, TrainingPlan alike, List<DeviceTimes> devices) {
    return "layers "
        + found.plan().ranges()
        + " on executors "
        + String.join(", ", seats(found, devices))
        + ", where such that are alike would have "
        + alike.plan().ranges();
  }

  private static String steps(CutSearch.Found found, long now) {
    return String.format(
        Locale.ROOT, "; simulated step %.1f ms, not %.1f", found.stepNanos() / 1e6, now / 1e6);
  }
}
