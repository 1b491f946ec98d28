package io.stagecoach.spark.job;

import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.plan.PlanTimes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The plan that a run goes by, and why.
 *
 * @param plan the plan
 * @param times what its parts should take
 * @param reason a line for people
 */
record PipelineChoice(TrainingPlan plan, PlanTimes times, String reason) {

  /** Measured times are no more exact than this: what is as fast is chosen by its memory. */
  private static final double AS_FAST = 1.01;

  /** Less memory, then fewer micro-batches, then the author that comes first. */
  private static final Comparator<SimulatedPlan> AMONG_EQUALS =
      Comparator.comparingLong((SimulatedPlan simulated) -> simulated.plan().memory())
          .thenComparingInt(SimulatedPlan::microBatches);

  /**
   * The choice among these.
   *
   * @param open which settings are chosen
   * @param plans all that fit, in order of preference among those that are alike; at least one
   */
  static PipelineChoice of(List<String> open, List<SimulatedPlan> plans, RunProfile profile) {
    long fastest = plans.stream().mapToLong(SimulatedPlan::step).min().orElseThrow();
    SimulatedPlan chosen =
        plans.stream()
            .filter(plan -> plan.step() <= AS_FAST * fastest)
            .min(AMONG_EQUALS)
            .orElseThrow();
    return new PipelineChoice(
        chosen.plan(), chosen.times(profile), reason(open, chosen, plans, profile));
  }

  private static String reason(
      List<String> open, SimulatedPlan chosen, List<SimulatedPlan> plans, RunProfile profile) {
    List<String> what = new ArrayList<>();
    for (String key : open) {
      what.add(
          key
              + "="
              + switch (key) {
                case "schedule" -> chosen.name();
                case "microBatches" -> String.valueOf(chosen.microBatches());
                default -> "measured";
              });
    }
    List<String> against = against(chosen, plans);
    return String.format(
        Locale.ROOT,
        "%s: simulated step %s ms, bubble %.1f %%%s; hop %s ms, measured in %.1f s",
        String.join(", ", what),
        millis(chosen.step()),
        100 * chosen.bubble(),
        against.isEmpty() ? "" : ", against " + String.join(", ", against),
        millis(chosen.costs().hop()),
        profile.seconds());
  }

  /** The same schedule with half and twice as many micro-batches, and the best of the others. */
  private static List<String> against(SimulatedPlan chosen, List<SimulatedPlan> plans) {
    List<String> lines = new ArrayList<>();
    List<SimulatedPlan> same =
        plans.stream().filter(plan -> plan.name().equals(chosen.name())).toList();
    int at = same.indexOf(chosen);
    for (int i = Math.max(0, at - 1); i <= Math.min(same.size() - 1, at + 1); i++) {
      if (i != at) {
        lines.add("microBatches=" + same.get(i).microBatches() + " " + time(same.get(i)));
      }
    }
    Map<String, SimulatedPlan> best = new TreeMap<>();
    for (SimulatedPlan plan : plans) {
      if (!plan.name().equals(chosen.name())) {
        best.merge(plan.name(), plan, (a, b) -> b.step() < a.step() ? b : a);
      }
    }
    best.values().stream()
        .sorted(Comparator.comparingLong(SimulatedPlan::step))
        .forEach(
            plan ->
                lines.add(
                    plan.name()
                        + (plan.microBatches() == chosen.microBatches()
                            ? ""
                            : " with " + plan.microBatches())
                        + " "
                        + time(plan)));
    return lines;
  }

  private static String time(SimulatedPlan plan) {
    return millis(plan.step()) + " ms";
  }

  private static String millis(long nanos) {
    double millis = nanos / 1e6;
    return String.format(Locale.ROOT, millis < 1 ? "%.3f" : millis < 100 ? "%.1f" : "%.0f", millis);
  }
}
