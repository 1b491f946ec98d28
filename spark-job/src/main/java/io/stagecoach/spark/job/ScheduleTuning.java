package io.stagecoach.spark.job;

import io.stagecoach.engine.Loss;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.report.RunRecorder;
import io.stagecoach.report.RunReport;
import io.stagecoach.report.StepRecord;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.spark.cluster.Pipeline;
import io.stagecoach.spark.exchange.ExchangeKind;
import io.stagecoach.sync.StagePart;
import io.stagecoach.sync.StepOutcome;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fits the schedule to what hops and passes take in the run itself: once, when the first steps have
 * shown it. What is computed stays the same to the last bit, for gradients add up in the order of
 * micro-batches under every schedule.
 */
final class ScheduleTuning implements TrainingLoop.StepListener {

  /** The first steps load classes, compile and fill caches. */
  private static final int WARM_UP_STEPS = 2;

  /** As many steps as the report leaves out: what it shows is of one schedule. */
  static final int STEPS = RunReporting.WARM_UP_STEPS;

  private static final Logger LOG = LoggerFactory.getLogger(ScheduleTuning.class);

  private final Pipeline pipeline;
  private final TrainingPlan plan;
  private final RunReporting reporting;
  private final Consumer<String> say;
  private final RunRecorder recorder;
  private int steps;

  /**
   * @param reporting is told of every step, and of what is chosen
   * @param say tells people what is chosen
   */
  ScheduleTuning(
      Pipeline pipeline, TrainingPlan plan, RunReporting reporting, Consumer<String> say) {
    this.pipeline = pipeline;
    this.plan = plan;
    this.reporting = reporting;
    this.say = say;
    this.recorder = new RunRecorder(plan.schedule(), plan.replicas(), WARM_UP_STEPS);
  }

  /**
   * Who hears of a run's steps: one who tunes, unless ticks go in lockstep, so that how far a stage
   * is ahead makes no difference to their hops.
   */
  static TrainingLoop.StepListener listener(
      ExchangeKind exchange,
      Pipeline pipeline,
      TrainingPlan plan,
      RunReporting reporting,
      Consumer<String> say) {
    return exchange == ExchangeKind.STREAMING
        ? new ScheduleTuning(pipeline, plan, reporting, say)
        : reporting;
  }

  @Override
  public void stepEnded(
      long step, StepOutcome outcome, List<StagePart> parts, TrainingLoop.DriverTimes times) {
    StepRecord record = reporting.record(step, outcome, parts, times);
    if (steps < STEPS) {
      recorder.record(record);
      steps++;
      if (steps == STEPS) {
        tune(recorder.report());
      }
    }
  }

  @Override
  public void validated(long step, Loss found) {
    reporting.validated(step, found);
  }

  private void tune(RunReport measured) {
    StageCosts costs = RunRecorder.costs(measured).ofOne(plan.replicas());
    TrainingPlan tuned = tuned(plan, costs);
    if (tuned.schedule().equals(plan.schedule())) {
      return;
    }
    pipeline.use(tuned.sideBySide(tuned.author()));
    String line =
        String.format(
            Locale.ROOT,
            "%s, from step %d on: stages stash %s micro-batches, not %s, for hops of %.3f ms and"
                + " passes of up to %.3f ms together",
            tuned.author().name(),
            STEPS + 1,
            tuned.schedule().peakStash(),
            plan.schedule().peakStash(),
            costs.hop() / 1e6,
            longestPasses(costs) / 1e6);
    reporting.use(tuned.schedule());
    reporting.chose(line);
    say.accept(line);
  }

  private static long longestPasses(StageCosts costs) {
    long longest = 0;
    for (int stage = 0; stage < costs.forward().size(); stage++) {
      longest = Math.max(longest, costs.forward().get(stage) + costs.backward().get(stage));
    }
    return longest;
  }

  /**
   * The plan with its schedule fitted to these costs of a pipeline, as far as its slots allow: for
   * hops too long for them, to shorter ones.
   */
  static TrainingPlan tuned(TrainingPlan plan, StageCosts costs) {
    ScheduleAuthor author = plan.author().tunedTo(costs);
    if (author.equals(plan.author())) {
      return plan;
    }
    for (long hop = costs.hop(); ; hop -= Math.max(1, hop / 8)) {
      try {
        return plan.by(plan.author().tunedTo(costs.withHop(hop)));
      } catch (StagecoachException tooMuchStashed) {
        LOG.debug("no slots for hops of {} ns", hop, tooMuchStashed);
        if (hop == 0) {
          return plan;
        }
      }
    }
  }
}
