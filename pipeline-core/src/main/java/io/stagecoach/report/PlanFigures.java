package io.stagecoach.report;

import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlanTimes;
import io.stagecoach.plan.PlannedStage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a run's plan promised, to be compared with what the run measured.
 *
 * @param stages each stage of one replica, in order; empty where no plan is known
 * @param stepMillis what a step should take in the stages, in milliseconds; NaN where no times were
 *     known
 * @param bottleneck what the pace was to depend on, for people
 */
public record PlanFigures(List<Stage> stages, double stepMillis, String bottleneck) {

  /**
   * One stage; times are of one micro-batch, and NaN where none were known.
   *
   * @param firstLayer its first layer, in the whole model
   * @param lastLayer its last one
   * @param computeShare its share of all operations, with what is run again
   * @param recomputes whether its backward pass runs forward again
   * @param forwardMillis its forward pass
   * @param backwardMillis its backward pass
   * @param memoryBytes what it needs of its device
   * @param sentBytes the activations that it sends on; 0 of the last
   */
  public record Stage(
      int firstLayer,
      int lastLayer,
      double computeShare,
      boolean recomputes,
      double forwardMillis,
      double backwardMillis,
      long memoryBytes,
      long sentBytes) {}

  public PlanFigures {
    stages = stages == null ? List.of() : List.copyOf(stages);
    bottleneck = bottleneck == null ? "" : bottleneck;
  }

  /** Of a plan that nobody has told. */
  public static PlanFigures none() {
    return new PlanFigures(List.of(), Double.NaN, "");
  }

  /**
   * Those of a plan.
   *
   * @param times what was known of times
   */
  public static PlanFigures of(Plan plan, Optional<PlanTimes> times) {
    double operations = plan.operations();
    List<Stage> stages = new ArrayList<>();
    for (int s = 0; s < plan.stages().size(); s++) {
      PlannedStage stage = plan.stages().get(s);
      boolean isLast = s == plan.stages().size() - 1;
      stages.add(
          new Stage(
              stage.firstLayer(),
              stage.endLayer() - 1,
              stage.operations() / operations,
              stage.recomputes(),
              times.isPresent() ? Millis.of((double) times.get().forward().get(s)) : Double.NaN,
              times.isPresent() ? Millis.of((double) times.get().backward().get(s)) : Double.NaN,
              stage.memory().total(),
              isLast ? 0 : stage.cost().outputBytes()));
    }
    return new PlanFigures(
        stages,
        times.map(known -> Millis.of((double) known.step())).orElse(Double.NaN),
        plan.bottleneck(times).sentence());
  }

  /** Whether a plan is known. */
  boolean isKnown() {
    return !stages.isEmpty();
  }
}
