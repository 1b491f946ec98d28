package io.stagecoach.spark.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stagecoach.batch.MicroBatches;
import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.engine.profile.RunProfile.Backward;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.plan.DeviceLimits;
import io.stagecoach.plan.MemoryRules;
import io.stagecoach.plan.Partitioners;
import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlanRequest;
import io.stagecoach.plan.Stash;
import io.stagecoach.plan.StashSlots;
import io.stagecoach.report.ProfileJson;
import io.stagecoach.report.ReportJson;
import io.stagecoach.report.RunRecorder;
import io.stagecoach.report.RunReport;
import io.stagecoach.report.StageFigures;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.StageCosts;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** What stages and hops take by a file that a run wrote, also for what that run did not do. */
sealed interface MeasuredTimes {

  /**
   * The costs for a pipeline of this shape.
   *
   * @param shape of one pipeline, with its own micro-batches
   * @param microBatches into how many micro-batches a mini-batch is cut, for all replicas together
   * @param backward how its backward passes are made up
   * @throws StagecoachException CONFIGURATION where the file says nothing of such a shape
   */
  StageCosts costs(PipelineShape shape, int microBatches, Backward backward);

  /** The number of executors of a pipeline that the times are for; none where they are for any. */
  OptionalInt executors();

  /** What a person must know of these times. */
  String note();

  /**
   * Reads a report or a profile.
   *
   * @throws StagecoachException DATA where it is neither, or nothing was measured
   */
  static MeasuredTimes read(String json) {
    return isProfile(json) ? new OfLayers(ProfileJson.read(json)) : ofReport(ReportJson.read(json));
  }

  private static boolean isProfile(String json) {
    try {
      return new ObjectMapper().readTree(json).has("layers");
    } catch (JsonProcessingException e) {
      throw new StagecoachException(
          ErrorKind.DATA,
          "It is not JSON: " + e.getOriginalMessage(),
          Where.nowhere(),
          "Name the report.json or the profile.json of a run.",
          e);
    }
  }

  private static MeasuredTimes ofReport(RunReport report) {
    if (report.stages().stream().anyMatch(stage -> Double.isNaN(stage.forward()))) {
      throw new StagecoachException(
          ErrorKind.DATA,
          "The report is of a run that has measured no pass of some stage",
          "Name the report of a run that took steps.");
    }
    return new OfStages(report);
  }

  /** Times of layers, by micro-batch size: they are cut anew for every shape. */
  record OfLayers(RunProfile profile) implements MeasuredTimes {

    @Override
    public StageCosts costs(PipelineShape shape, int microBatches, Backward backward) {
      int rows =
          new MicroBatches(profile.batchSize(), profile.batchSize(), microBatches).microBatchSize();
      MemoryRules any = new MemoryRules(Stash.ACTIVATIONS, StashSlots.everywhere(1), 1);
      Plan plan =
          Partitioners.measured(profile.layerTimes(rows), profile.forwardTimes(rows))
              .partition(
                  new PlanRequest(profile.model(), shape.stages(), any, DeviceLimits.UNLIMITED));
      return profile.costs(plan, rows, backward);
    }

    @Override
    public OptionalInt executors() {
      return OptionalInt.empty();
    }

    @Override
    public String note() {
      return "Measured layers, cut for each line by their times at its size of micro-batches (a"
          + " mini-batch of "
          + profile.batchSize()
          + " examples).";
    }
  }

  /**
   * Mean times of a run's stages. Those of larger or smaller micro-batches are taken to be in
   * proportion, and hops to take the same; an executor's time is shared out evenly where it has
   * another number of stages.
   */
  record OfStages(RunReport report) implements MeasuredTimes {

    @Override
    public StageCosts costs(PipelineShape shape, int microBatches, Backward backward) {
      int executors = executors().orElseThrow();
      if (shape.executors() != executors) {
        throw new StagecoachException(
            ErrorKind.CONFIGURATION,
            "The report is of " + executors + " executors, not " + shape.executors(),
            "Leave out --stages, or name the profile.json of a run.");
      }
      StageCosts run = RunRecorder.costs(report).ofOne(report.replicas());
      double scale = (double) report.microBatches() / microBatches;
      List<Long> forward = perStage(run.forward(), shape, scale);
      List<Long> whole = perStage(run.backward(), shape, scale);
      List<Long> weights = perStage(run.weights(), shape, scale);
      for (int stage = 0; stage < shape.stages(); stage++) {
        weights.set(stage, Math.min(weights.get(stage), whole.get(stage)));
      }
      return new StageCosts(forward, whole, weights, run.hop());
    }

    private static List<Long> perStage(List<Long> times, PipelineShape shape, double scale) {
      boolean alike = times.size() == shape.stages();
      List<Long> result = new ArrayList<>();
      for (int stage = 0; stage < shape.stages(); stage++) {
        double time = 0;
        if (alike) {
          time = times.get(stage);
        } else {
          for (int s = stage % shape.executors(); s < times.size(); s += shape.executors()) {
            time += (double) times.get(s) / shape.chunks();
          }
        }
        result.add(Math.round(scale * time));
      }
      return result;
    }

    @Override
    public OptionalInt executors() {
      return OptionalInt.of(
          (int)
              report.stages().stream()
                  .limit(report.stagesOfReplica())
                  .mapToInt(StageFigures::executor)
                  .distinct()
                  .count());
    }

    @Override
    public String note() {
      return "Mean times of a run of "
          + report.schedule()
          + " with "
          + report.microBatches()
          + " micro-batches; of other sizes in proportion, which smaller ones exceed.";
    }
  }
}
