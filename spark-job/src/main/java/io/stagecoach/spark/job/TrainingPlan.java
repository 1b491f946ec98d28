package io.stagecoach.spark.job;

import io.stagecoach.batch.MicroBatches;
import io.stagecoach.batch.Slice;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.dl4j.Dl4jModel;
import io.stagecoach.engine.dl4j.LayerCosts;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.MemoryRules;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.Partitioners;
import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlanRequest;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.plan.Stash;
import io.stagecoach.schedule.Limits;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.ScheduleValidator;
import io.stagecoach.schedule.Simulation;
import io.stagecoach.schedule.Simulator;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a run is cut and in what order its stages work.
 *
 * @param plan which layers make which stage
 * @param author who writes the run's schedules
 * @param schedule a full mini-batch's schedule
 * @param recompute what stages keep for backward
 */
record TrainingPlan(Plan plan, ScheduleAuthor author, Schedule schedule, Recompute recompute) {

  private static final Logger LOG = LoggerFactory.getLogger(TrainingPlan.class);

  /** Activations on their way and credit for the next: what an exchange holds at a border. */
  private static final int TRANSPORT_WINDOW = 2;

  /**
   * The plan that the settings ask for.
   *
   * @param author who writes the schedules
   * @param network the whole model
   * @param timeSteps the length of sequences; 1 where there are none
   * @throws io.stagecoach.error.StagecoachException PLAN where none fits
   */
  static TrainingPlan of(
      StagecoachConf conf, ScheduleAuthor author, Dl4jModel network, int timeSteps) {
    int stages = conf.stages() * conf.chunks();
    MicroBatches batches =
        new MicroBatches(conf.batchSize(), conf.batchSize(), conf.microBatches());
    int microBatches = batches.slices(Slice.Split.TRAINING, 0, 0).size();
    Schedule schedule = author.schedule(new PipelineShape(stages, microBatches, conf.chunks()));
    ScheduleValidator.validate(schedule, Limits.none(stages));
    ModelCosts costs = LayerCosts.of(network, batches.microBatchSize(), timeSteps);
    Optional<Recompute> fixed = conf.recompute().fixed();
    if (fixed.isPresent()) {
      Plan plan = cut(conf, costs, schedule, fixed.get());
      return new TrainingPlan(plan, author, schedule, fixed.get());
    }
    try {
      Plan plan = cut(conf, costs, schedule, Recompute.NONE);
      return new TrainingPlan(plan, author, schedule, Recompute.NONE);
    } catch (StagecoachException tooLarge) {
      if (tooLarge.kind() != ErrorKind.PLAN) {
        throw tooLarge;
      }
      Plan plan = cut(conf, costs, schedule, Recompute.STAGE);
      LOG.info("recompute=stage is chosen: with all activations kept, {}", tooLarge.what());
      return new TrainingPlan(plan, author, schedule, Recompute.STAGE);
    }
  }

  private static Plan cut(
      StagecoachConf conf, ModelCosts costs, Schedule schedule, Recompute recompute) {
    List<Integer> stash = schedule.peakStash();
    MemoryRules rules =
        new MemoryRules(
            recompute == Recompute.STAGE ? Stash.INPUTS : Stash.ACTIVATIONS,
            (stage, count) -> stash.get(stage),
            TRANSPORT_WINDOW);
    long limit =
        conf.memoryLimit().bytes() > 0 ? conf.memoryLimit().bytes() : PlanRequest.UNLIMITED;
    return Partitioners.named(conf.partitioner().word())
        .partition(new PlanRequest(costs, schedule.stages(), rules, limit));
  }

  /** What each stage is built from. */
  List<StageSpec> specs(String model, long seed) {
    List<Integer> slots = schedule.peakStash();
    List<StageSpec> specs = new ArrayList<>();
    List<PlannedStage> stages = plan.stages();
    for (int i = 0; i < stages.size(); i++) {
      specs.add(
          new StageSpec(
              model,
              i,
              stages.size(),
              stages.get(i).firstLayer(),
              stages.get(i).endLayer(),
              slots.get(i),
              recompute,
              seed));
    }
    return specs;
  }

  /** How many parameters each stage has. */
  List<Long> parameters() {
    return plan.stages().stream().map(stage -> stage.cost().parameters()).toList();
  }

  /**
   * The share of waiting that is to be expected if time goes as operations do, and hops are free.
   */
  double predictedBubble() {
    List<Long> forward =
        plan.stages().stream().map(stage -> Math.max(1, stage.cost().forwardOperations())).toList();
    List<Long> backward =
        plan.stages().stream()
            .map(stage -> Math.max(1, stage.cost().backwardOperations()))
            .toList();
    Simulation simulation = Simulator.simulate(schedule, new StageCosts(forward, backward, 0));
    return simulation.bubble();
  }
}
