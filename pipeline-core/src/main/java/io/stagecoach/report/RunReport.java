package io.stagecoach.report;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a run did. Means and shares are over the steps that are left after warm-up; what was never
 * measured is NaN.
 *
 * @param schedule the schedule's name
 * @param microBatches how many micro-batches made a step, those of all replicas counted
 * @param replicas how many copies of the pipeline worked side by side
 * @param data what of the data's source was read, by name: the source, the kind of its identity,
 *     its id; empty where the run does not say it
 * @param choices what the run chose by itself, and why: a line each, in the order of the choices
 * @param recoveries how often a step was run again after a failure of the cluster
 * @param recovered these, or the first of very many
 * @param resumedAt how many steps had been done each time that the run went on after it had been
 *     interrupted; means and shares are of what came after the last of them
 * @param steps steps taken, skipped ones included
 * @param skippedSteps steps that left the weights as they are
 * @param excludedSteps how many of the first steps the means leave out, as warm-up
 * @param loss the loss
 * @param validation what validation measured of the weights that were saved, or of the last ones as
 *     long as none are; by name, the loss first; empty without one
 * @param best the best of all validations
 * @param savedStep after how many steps the weights were those that were saved; 0 as long as none
 *     are
 * @param gradientNorm the gradient's norm
 * @param time where a step's time went
 * @param stepMillis how long each step took, in a bounded number of points
 * @param stages each stage, in order, replica by replica
 * @param bubble how much the devices waited, and should have
 * @param hops what passed between stages
 * @param plan what the plan promised, the last one where the layers were shared out anew
 */
public record RunReport(
    String schedule,
    int microBatches,
    int replicas,
    Map<String, String> data,
    List<String> choices,
    long recoveries,
    List<Recovered> recovered,
    List<Long> resumedAt,
    long steps,
    long skippedSteps,
    long excludedSteps,
    LossFigures loss,
    Map<String, Double> validation,
    BestFigures best,
    long savedStep,
    NormFigures gradientNorm,
    TimeFigures time,
    List<CurvePoint> stepMillis,
    List<StageFigures> stages,
    BubbleFigures bubble,
    HopFigures hops,
    PlanFigures plan) {

  public RunReport {
    data = data == null ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(data));
    // Reports from before there were replicas do not say it.
    replicas = Math.max(1, replicas);
    best = best == null ? BestFigures.none() : best;
    choices = List.copyOf(choices);
    recovered = recovered == null ? List.of() : List.copyOf(recovered);
    resumedAt = resumedAt == null ? List.of() : List.copyOf(resumedAt);
    stepMillis = stepMillis == null ? List.of() : List.copyOf(stepMillis);
    stages = List.copyOf(stages);
    plan = plan == null ? PlanFigures.none() : plan;
    validation = Collections.unmodifiableMap(new LinkedHashMap<>(validation));
  }

  /** The stages of one pipeline, of which there are {@code replicas}. */
  public int stagesOfReplica() {
    return stages.size() / replicas;
  }

  /** What a stage is called. */
  public String name(StageFigures stage) {
    return replicas == 1
        ? Integer.toString(stage.stage())
        : "replica "
            + stage.stage() / stagesOfReplica()
            + " stage "
            + stage.stage() % stagesOfReplica();
  }
}
