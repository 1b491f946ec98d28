package io.stagecoach.spark.job;

import io.stagecoach.batch.Slice;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.cluster.LastingPipeline;
import io.stagecoach.spark.cluster.Message;
import io.stagecoach.spark.cluster.Order;
import io.stagecoach.spark.cluster.Pipeline;
import io.stagecoach.spark.cluster.PipelineSpec;
import io.stagecoach.spark.cluster.Recovery;
import io.stagecoach.spark.cluster.SliceHolder;
import io.stagecoach.spark.cluster.StageAddress;
import io.stagecoach.sync.GradientWeight;
import io.stagecoach.sync.StagePart;
import io.stagecoach.sync.SyncSettings;
import io.stagecoach.sync.Synchronizer.Counts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** A pipeline that is placed again when it has to be, whose stages keep their weights. */
public final class KeptWeightsPipeline implements AutoCloseable {

  private static final Recovery LIMITS = new Recovery(3, 10, Duration.ofSeconds(20), 2);

  private final Dl4jModelUpdater model;
  private final StagesUpdate updates;
  private final LastingPipeline pipeline;
  private final String schedule;

  /**
   * @param model the model as JSON, of one updater
   * @param schedule the name of a schedule of the pipeline
   * @param placed is called whenever stages have been placed, before they are asked for anything
   */
  public KeptWeightsPipeline(PipelineSpec spec, String model, String schedule, Runnable placed) {
    this.schedule = schedule;
    this.model = Dl4jModelUpdater.create(model);
    List<ParameterLayout> layouts = new ArrayList<>();
    for (StageSpec stage : spec.stages()) {
      layouts.add(this.model.stageLayout(stage.firstLayer(), stage.endLayer()));
    }
    this.updates =
        new StagesUpdate(
            this.model,
            layouts,
            1,
            new Counts(0, 0),
            new SyncSettings(GradientWeight.EXAMPLES, 0, 0));
    this.pipeline =
        LastingPipeline.launch(
            spec, LIMITS, updates::weights, new Telling(updates, placed), List.of(), setback -> {});
  }

  /** Where each stage is. */
  public List<StageAddress> stages() {
    return pipeline.stages();
  }

  /** One step. */
  public void step(List<Slice> slices) {
    long step = updates.counts().updates();
    StepContext context =
        new StepContext(step, pipeline.nextAttempt(step), 0, slices.size(), Mode.TRAINING, false);
    pipeline.tell(
        Order.of(new Message.RunStep(context, schedule, slices), stage -> Optional.empty()));
    List<StagePart> parts = pipeline.await();
    updates.commit(step, 0, parts);
    parts.forEach(StagePart::close);
  }

  /** The whole model's weights. */
  public double[] weights() {
    updates.gather();
    return model.parameters().dup().reshape(model.parameters().length()).toDoubleVector();
  }

  @Override
  public void close() {
    try (updates;
        pipeline) {
      // Closed in reverse order, each even if the other fails.
    }
  }

  private record Telling(SliceHolder holder, Runnable placedFirst) implements SliceHolder {

    @Override
    public void mendedBy(Consumer<StagecoachException> mending) {
      holder.mendedBy(mending);
    }

    @Override
    public void placed(Pipeline stages) {
      placedFirst.run();
      holder.placed(stages);
    }

    @Override
    public void leaving() {
      holder.leaving();
    }

    @Override
    public void lost(StagecoachException cause) {
      holder.lost(cause);
    }
  }
}
