package io.stagecoach.benchmarks;

import io.stagecoach.engine.Mode;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.spark.cluster.Message;
import io.stagecoach.spark.cluster.Pipeline;
import io.stagecoach.spark.cluster.PipelineSpec;
import io.stagecoach.spark.cluster.StoreAccess;
import io.stagecoach.spark.exchange.ExchangeKind;
import io.stagecoach.stage.Span;
import io.stagecoach.stage.StageStep;
import io.stagecoach.sync.StagePart;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;

/** A pipeline of stages whose passes take known times. */
final class TimedPipeline implements AutoCloseable {

  private final TimedModel model;
  private final Workload store;
  private final Schedule schedule;
  private final Pipeline pipeline;
  private long step;

  /**
   * What a step took, in nanoseconds.
   *
   * @param wall on the driver, all of it
   * @param stages from when the executors heard of it to when the last was done
   * @param busy in passes, all executors together
   */
  record Took(long wall, long stages, long busy) {}

  /**
   * @param store a batch store: what is in it is not read, but a pipeline has one
   * @param folder where it is
   */
  TimedPipeline(
      JavaSparkContext spark,
      TimedModel model,
      Workload store,
      Path folder,
      ExchangeKind exchange,
      ScheduleAuthor author,
      PipelineShape shape) {
    this.model = model;
    this.store = store;
    this.schedule = author.schedule(shape);
    List<StageSpec> specs = new ArrayList<>();
    for (int stage = 0; stage < shape.stages(); stage++) {
      specs.add(
          new StageSpec(
              model.text(),
              stage,
              shape.stages(),
              stage,
              stage + 1,
              schedule.peakStash().get(stage),
              Recompute.NONE,
              0));
    }
    this.pipeline =
        Pipeline.launch(
            new PipelineSpec(
                spark,
                exchange,
                TimedEngine.NAME,
                specs,
                shape.chunks(),
                List.of(author),
                StoreAccess.of(folder.toUri().toString(), Workload.READING),
                TrialConditions.NETWORK,
                TrialConditions.DEADLINES));
  }

  Schedule schedule() {
    return schedule;
  }

  /** What the simulator is given; the passes' times are the model's, not measured. */
  StageCosts costs(long hopNanos) {
    List<Long> forward = new ArrayList<>();
    List<Long> backward = new ArrayList<>();
    List<Long> weights = new ArrayList<>();
    for (int stage = 0; stage < schedule.stages(); stage++) {
      forward.add(model.forwardNanos());
      backward.add(model.backwardNanos());
      weights.add(model.weightsNanos());
    }
    return new StageCosts(forward, backward, weights, hopNanos);
  }

  /** One step. */
  Took step() {
    StepContext context =
        new StepContext(
            step, pipeline.nextAttempt(step), 0, schedule.microBatches(), Mode.TRAINING, false);
    step++;
    long start = System.nanoTime();
    List<StagePart> parts =
        pipeline.run(
            new Message.RunStep(context, schedule.name(), store.slices(schedule.microBatches())),
            stage -> Optional.empty());
    long wall = System.nanoTime() - start;
    long stages = 0;
    long busy = 0;
    for (StagePart part : parts) {
      StageStep report = part.report();
      stages = Math.max(stages, report.elapsedNanos());
      busy += report.spans().stream().filter(Span::isCompute).mapToLong(Span::nanos).sum();
      part.close();
    }
    return new Took(wall, stages, busy);
  }

  @Override
  public void close() {
    pipeline.close();
  }
}
