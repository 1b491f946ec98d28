package io.stagecoach.report;

import io.stagecoach.batch.Blocks;
import io.stagecoach.schedule.ClosedForm;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.Simulation;
import io.stagecoach.schedule.Simulator;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.stage.StageStep;
import io.stagecoach.tensor.Narrowing;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Collects what a run does, step by step, in bounded memory. Any thread may call it.
 *
 * <p>The first steps are warm-up: their loss counts, their times do not, unless there are no
 * others.
 */
public final class RunRecorder {

  private static final int CURVE_POINTS = 512;

  private static final int MOST_RECOVERED = 256;

  private final List<String> choices = new ArrayList<>();
  private final List<Recovered> recovered = new ArrayList<>();
  private final List<Long> resumedAt = new ArrayList<>();
  private final int replicas;
  private Schedule schedule;
  private long warmUpSteps;
  private StepSums warmUp;
  private StepSums steady;
  private final int[] peakStash;
  private final Curve curve = new Curve(CURVE_POINTS);
  private final Curve validations = new Curve(CURVE_POINTS);
  private final Curve stepMillis = new Curve(CURVE_POINTS);
  private long settling;
  private long stepsBefore;
  private long steps;
  private long skipped;
  private long recoveries;
  private double secondsBefore;
  private long wallNanos;
  private Narrowing narrowing = Narrowing.none();
  private double firstLoss = Double.NaN;
  private double lastLoss = Double.NaN;
  private double leastLoss = Double.NaN;
  private long leastLossStep = -1;
  private long norms;
  private double normSum;
  private double lastNorm = Double.NaN;
  private double mostNorm = Double.NaN;
  private Map<String, Double> validation = Map.of();
  private BestFigures best = BestFigures.none();
  private long savedStep;
  private Map<String, String> data = Map.of();
  private PlanFigures plan = PlanFigures.none();

  /**
   * @param schedule the schedule of the run's steps, sends and receives included
   * @param warmUpSteps how many of the first steps are warm-up
   */
  public RunRecorder(Schedule schedule, long warmUpSteps) {
    this(schedule, 1, warmUpSteps);
  }

  /**
   * @param schedule the schedule of the run's steps, sends and receives included
   * @param replicas of how many pipelines side by side it is
   * @param warmUpSteps how many of the first steps are warm-up
   */
  public RunRecorder(Schedule schedule, int replicas, long warmUpSteps) {
    if (warmUpSteps < 0) {
      throw new IllegalArgumentException(warmUpSteps + " warm-up steps");
    }
    this.schedule = schedule;
    this.replicas = replicas;
    this.warmUpSteps = warmUpSteps;
    this.warmUp = new StepSums(schedule.stages());
    this.steady = new StepSums(schedule.stages());
    this.peakStash = new int[schedule.stages()];
  }

  /**
   * Goes on with the report of a run that was interrupted: counts, losses and norms are the whole
   * run's, times those of what is now recorded, but for their sum. To be called before the first
   * step.
   */
  public synchronized void goOn(RunReport before) {
    choices.addAll(0, before.choices());
    resumedAt.addAll(before.resumedAt());
    resumedAt.add(before.steps());
    stepsBefore = before.steps();
    skipped = before.skippedSteps();
    secondsBefore = before.time().totalSeconds();
    validation = before.validation();
    best = before.best();
    curve.goOn(before.loss().curve());
    validations.goOn(before.loss().validations());
    stepMillis.goOn(before.stepMillis());
    recoveries = before.recoveries();
    recovered.addAll(before.recovered());
    firstLoss = before.loss().first();
    lastLoss = before.loss().last();
    leastLoss = before.loss().least();
    leastLossStep = before.loss().leastStep();
    if (Double.isFinite(before.gradientNorm().mean())) {
      norms = stepsBefore - skipped;
      normSum = before.gradientNorm().mean() * norms;
      lastNorm = before.gradientNorm().last();
      mostNorm = before.gradientNorm().most();
    }
    narrowing = narrowing.plus(before.hops().narrowing());
  }

  /** Takes what of the data's source is read, by name. */
  public synchronized void reads(Map<String, String> read) {
    data = read;
  }

  /** Takes what the plan promises from here on. */
  public synchronized void planned(PlanFigures promised) {
    plan = promised;
  }

  /** Takes a line on what the run chose by itself, and why. */
  public synchronized void chose(String line) {
    choices.add(line);
  }

  /** Takes a step that was run again; of very many, the first ones are kept. */
  public synchronized void recovered(Recovered again) {
    recoveries++;
    if (recovered.size() < MOST_RECOVERED) {
      recovered.add(again);
    }
  }

  /** Steps go by another schedule of as many stages and micro-batches from here on. */
  public synchronized void use(Schedule other) {
    if (other.stages() != schedule.stages() || other.microBatches() != schedule.microBatches()) {
      throw new IllegalArgumentException("a schedule of another shape");
    }
    schedule = other;
  }

  /**
   * The stages are others from here on: times begin anew, after so many steps of warm-up. What was
   * measured before stays until then.
   */
  public synchronized void recut(long warmUpAfter) {
    warmUpSteps = steps + warmUpAfter;
    if (steady.steps() > 0) {
      warmUp = steady;
    }
    steady = new StepSums(schedule.stages());
    settling = warmUpAfter;
  }

  /** Takes a step that is done. */
  public synchronized void record(StepRecord step) {
    checkStages(step);
    if (settling > 0) {
      settling--;
    } else {
      (steps < warmUpSteps ? warmUp : steady).add(step);
    }
    steps++;
    wallNanos += step.wallNanos();
    stepMillis.add(step.step(), step.wallNanos() / 1e6);
    if (step.skipped()) {
      skipped++;
    }
    for (StageStep stage : step.stages()) {
      peakStash[stage.stage()] = Math.max(peakStash[stage.stage()], stage.peakStash());
      narrowing = narrowing.plus(stage.traffic().narrowing());
    }
    if (Double.isFinite(step.loss())) {
      loss(step.step(), step.loss());
    }
    if (Double.isFinite(step.globalNorm())) {
      norms++;
      normSum += step.globalNorm();
      lastNorm = step.globalNorm();
      mostNorm = norms == 1 ? lastNorm : Math.max(mostNorm, lastNorm);
    }
  }

  /**
   * Takes the loss that a validation found.
   *
   * @param step the last step before it
   */
  public synchronized void validated(long step, double loss) {
    if (Double.isFinite(loss)) {
      validations.add(step, loss);
    }
  }

  /** Takes what a validation measured, by name, in the place of what an earlier one did. */
  public synchronized void validated(Map<String, Double> measured) {
    validation = measured;
  }

  /** Takes the best validation so far. */
  public synchronized void best(BestFigures found) {
    best = found;
  }

  /** Takes after how many steps the weights were those that are saved. */
  public synchronized void saves(long step) {
    savedStep = step;
  }

  private void checkStages(StepRecord step) {
    boolean[] there = new boolean[schedule.stages()];
    for (StageStep stage : step.stages()) {
      if (stage.stage() < 0 || stage.stage() >= there.length || there[stage.stage()]) {
        throw new IllegalArgumentException("stage " + stage.stage() + " in step " + step.step());
      }
      there[stage.stage()] = true;
    }
    if (step.stages().size() != there.length) {
      throw new IllegalArgumentException(
          step.stages().size() + " stages in step " + step.step() + ", not " + there.length);
    }
  }

  private void loss(long step, double loss) {
    curve.add(step, loss);
    if (Double.isNaN(firstLoss)) {
      firstLoss = loss;
    }
    lastLoss = loss;
    if (Double.isNaN(leastLoss) || loss < leastLoss) {
      leastLoss = loss;
      leastLossStep = step;
    }
  }

  /** What was collected so far. */
  public synchronized RunReport report() {
    boolean warm = steady.steps() > 0;
    StepSums sums = warm ? steady : warmUp;
    List<StageFigures> stages = sums.stages(peakStash);
    HopFigures hops = sums.hops(narrowing);
    return new RunReport(
        schedule.name(),
        schedule.microBatches(),
        replicas,
        data,
        choices,
        recoveries,
        recovered,
        resumedAt,
        stepsBefore + steps,
        skipped,
        warm ? warmUpSteps : 0,
        new LossFigures(
            firstLoss, lastLoss, leastLoss, leastLossStep, curve.points(), validations.points()),
        validation,
        best,
        savedStep,
        new NormFigures(lastNorm, normSum / norms, mostNorm),
        sums.time(secondsBefore + wallNanos / 1e9),
        stepMillis.points(),
        stages,
        bubble(sums.bubble(), stages, hops),
        hops,
        plan);
  }

  private BubbleFigures bubble(double measured, List<StageFigures> stages, HopFigures hops) {
    double closedForm =
        new ClosedForm(
                schedule.stages() / replicas,
                new Blocks(schedule.microBatches(), replicas).longest())
            .bubble();
    double sum = stages.stream().mapToDouble(StageFigures::busy).sum();
    if (!(sum > 0)) {
      return new BubbleFigures(measured, Double.NaN, closedForm, Double.NaN, Double.NaN);
    }
    double slowest = stages.stream().mapToDouble(StageFigures::busy).max().orElseThrow();
    Simulation simulation = Simulator.simulate(schedule, costs(stages, hops));
    return new BubbleFigures(
        measured,
        simulation.bubble(),
        closedForm,
        Millis.of((double) simulation.makespan()),
        slowest * stages.size() / sum);
  }

  /** What a run's parts cost on the average, in nanoseconds: what its simulation is made from. */
  public static StageCosts costs(RunReport report) {
    return costs(report.stages(), report.hops());
  }

  private static StageCosts costs(List<StageFigures> stages, HopFigures hops) {
    return new StageCosts(
        stages.stream().map(stage -> Millis.toNanos(stage.forward())).toList(),
        stages.stream().map(stage -> Millis.toNanos(stage.backward())).toList(),
        stages.stream().map(RunRecorder::weights).toList(),
        Millis.toNanos(hops.latencyMillis()));
  }

  /** Where passes were not split, half of them is assumed. */
  private static long weights(StageFigures stage) {
    long whole = Millis.toNanos(stage.backward());
    return Double.isNaN(stage.weights())
        ? whole / 2
        : Math.min(whole, Millis.toNanos(stage.weights()));
  }
}
