package io.stagecoach.spark.job;

import io.stagecoach.batch.MicroBatches;
import io.stagecoach.batch.Slice;
import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.engine.profile.RunProfile.Backward;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.PlanTimes;
import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.Simulator;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.schedule.Ticks;
import io.stagecoach.spark.config.PartitionerKind;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.exchange.ExchangeKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntFunction;
import org.apache.hadoop.conf.Configuration;

/**
 * What the settings leave to the run: schedules, numbers of micro-batches, and the cut. Every
 * combination that fits into the memory limit is simulated with measured times.
 */
final class PipelineChoices {

  /** Filling and draining then costs 3 % at most; more would only make smaller micro-batches. */
  private static final int MOST_FOR_A_STAGE = 32;

  /** What is shown before anything is measured. */
  private static final int USUAL_FOR_A_STAGE = 4;

  private final StagecoachConf conf;
  private final List<ScheduleAuthor> authors;
  private final IntFunction<ModelCosts> costs;

  private PipelineChoices(
      StagecoachConf conf, List<ScheduleAuthor> authors, IntFunction<ModelCosts> costs) {
    this.conf = conf;
    this.authors = List.copyOf(authors);
    this.costs = costs;
  }

  /**
   * What these settings leave.
   *
   * @param costs the whole model's, by the examples of a micro-batch
   * @throws StagecoachException CONFIGURATION where the schedule's file is not one
   */
  static PipelineChoices of(
      StagecoachConf conf, Configuration hadoop, IntFunction<ModelCosts> costs) {
    return new PipelineChoices(conf, ScheduleChoice.of(conf, hadoop), costs);
  }

  /** The same choices under other settings. */
  PipelineChoices under(StagecoachConf other) {
    return new PipelineChoices(other, authors, costs);
  }

  /** What the run itself chooses, as a user writes it; empty where it measures nothing. */
  List<String> open() {
    List<String> keys = new ArrayList<>();
    if (conf.scheduleFile().isEmpty() && conf.schedule().isAuto()) {
      keys.add("schedule");
    }
    if (conf.microBatches().isAuto()) {
      keys.add("microBatches");
    }
    if (conf.partitioner() == PartitionerKind.MEASURED || conf.replan()) {
      keys.add("partitioner");
    }
    return keys;
  }

  /** Whether the run may cut the model as measured times say. */
  boolean isCutOpen() {
    return conf.cut().isEmpty()
        && (conf.partitioner() == PartitionerKind.MEASURED
            || conf.partitioner() == PartitionerKind.BALANCED);
  }

  /**
   * A plan by operation counts alone: what the settings say, and for what they leave the usual, or
   * the next that fits.
   *
   * @throws StagecoachException PLAN where none fits
   */
  TrainingPlan byOperations() {
    StagecoachException first = null;
    for (ScheduleAuthor author : authors) {
      for (int count : usualFirst()) {
        try {
          return TrainingPlan.of(conf, author, count, costs);
        } catch (StagecoachException e) {
          if (e.kind() != ErrorKind.PLAN) {
            throw e;
          }
          first = first == null ? e : first;
        }
      }
    }
    throw first;
  }

  /** The usual number, then ever smaller micro-batches, then ever larger ones. */
  private List<Integer> usualFirst() {
    List<Integer> all = new ArrayList<>(microBatches());
    int usual = USUAL_FOR_A_STAGE * conf.executors();
    List<Integer> ordered = new ArrayList<>(all.stream().filter(m -> m >= usual).toList());
    all.removeAll(ordered);
    for (int i = all.size() - 1; i >= 0; i--) {
      ordered.add(all.get(i));
    }
    return ordered;
  }

  /** The numbers of micro-batches, ascending: as many as the mini-batch is really cut into. */
  private Set<Integer> microBatches() {
    if (!conf.microBatches().isAuto()) {
      return Set.of(conf.microBatches().fixed().orElseThrow());
    }
    Set<Integer> counts = new TreeSet<>();
    int most = Math.min(conf.batchSize(), MOST_FOR_A_STAGE * conf.executors());
    for (int count = conf.gradientBlocks(); count <= most; count *= 2) {
      int cut = batches(count).slices(Slice.Split.TRAINING, 0, 0).size();
      if (cut >= conf.replicas()) {
        counts.add(cut);
      }
    }
    return counts.isEmpty() ? Set.of(conf.gradientBlocks()) : counts;
  }

  private MicroBatches batches(int microBatches) {
    return new MicroBatches(conf.batchSize(), conf.batchSize(), microBatches);
  }

  /** The sizes of micro-batches that are to be measured, ascending. */
  List<Integer> rows() {
    Set<Integer> rows = new TreeSet<>();
    microBatches().forEach(count -> rows.add(batches(count).microBatchSize()));
    return List.copyOf(rows);
  }

  /** The model's costs for the largest of them. */
  ModelCosts largest() {
    List<Integer> sizes = rows();
    return costs.apply(sizes.get(sizes.size() - 1));
  }

  /** All that fit, simulated, in the order of authors and numbers. */
  private List<SimulatedPlan> simulated(RunProfile profile) {
    List<SimulatedPlan> plans = new ArrayList<>();
    StagecoachException first = null;
    for (ScheduleAuthor author : authors) {
      for (int count : microBatches()) {
        try {
          plans.add(simulated(author, count, profile));
        } catch (StagecoachException e) {
          if (e.kind() != ErrorKind.PLAN) {
            throw e;
          }
          first = first == null ? e : first;
        }
      }
    }
    if (plans.isEmpty()) {
      throw first;
    }
    return plans;
  }

  private SimulatedPlan simulated(ScheduleAuthor author, int count, RunProfile profile) {
    return simulated(TrainingPlan.of(conf, author, count, costs, Optional.of(profile)), profile);
  }

  /** What the parts of a plan should take. */
  PlanTimes times(TrainingPlan plan, RunProfile profile) {
    return simulated(plan, profile).times(profile);
  }

  private SimulatedPlan simulated(TrainingPlan plan, RunProfile profile) {
    StageCosts ofOne = profile.costs(plan.plan(), plan.rows(), backward(plan));
    StageCosts times = ofOne.replicated(plan.replicas());
    if (conf.exchange() == ExchangeKind.SHUFFLE) {
      // A hop's time is the tick's own.
      Ticks ticks = Ticks.cheapest(plan.schedule(), times, times.hop());
      return SimulatedPlan.of(plan, times, ticks.makespan(times, times.hop()));
    }
    TrainingPlan tuned = ScheduleTuning.tuned(plan, ofOne);
    return SimulatedPlan.of(tuned, times, Simulator.simulate(tuned.schedule(), times).makespan());
  }

  /** How the stages' backward passes are made up. */
  static Backward backward(TrainingPlan plan) {
    return isSplit(plan.schedule()) ? Backward.SPLIT : Backward.WHOLE;
  }

  private static boolean isSplit(Schedule schedule) {
    return schedule.executors().stream()
        .anyMatch(actions -> actions.stream().anyMatch(a -> a instanceof Action.BackwardWeights));
  }

  /**
   * The fastest.
   *
   * @throws StagecoachException PLAN where none fits
   */
  PipelineChoice by(RunProfile profile) {
    return PipelineChoice.of(open(), simulated(profile), profile);
  }
}
