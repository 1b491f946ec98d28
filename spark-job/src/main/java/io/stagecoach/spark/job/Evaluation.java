package io.stagecoach.spark.job;

import io.stagecoach.batch.MicroBatches;
import io.stagecoach.batch.Slice;
import io.stagecoach.batch.Slice.Split;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.StepContext;
import io.stagecoach.schedule.ForwardOnly;
import io.stagecoach.spark.cluster.Message;
import io.stagecoach.spark.cluster.Pipeline;
import io.stagecoach.spark.data.PreparedData;
import io.stagecoach.spark.data.TextFigures;
import io.stagecoach.sync.ReplicaSums;
import io.stagecoach.sync.StagePart;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Runs the validation examples forward through the resident pipeline. */
final class Evaluation implements Validation {

  /** Enough micro-batches in a step that filling the pipeline costs little. */
  private static final int MICRO_BATCHES_PER_STEP = 64;

  private static final String SCHEDULE = new ForwardOnly().name();

  private final Pipeline pipeline;
  private final int stages;
  private final int blocks;
  private final List<Slice> slices;
  private final Optional<TextFigures> text;

  /**
   * @param plan how many stages the pipeline has, and how it sums
   * @param data whose validation examples go forward
   * @param microBatchSize how many of them at once
   */
  Evaluation(Pipeline pipeline, TrainingPlan plan, PreparedData data, int microBatchSize) {
    this.pipeline = pipeline;
    this.stages = plan.plan().stages().size();
    this.blocks = plan.blocks();
    this.text = data.text();
    this.slices = new ArrayList<>();
    MicroBatches batches = new MicroBatches(data.counts().validation(), microBatchSize, 1);
    for (long i = 0; i < batches.steps(); i++) {
      slices.addAll(batches.slices(Split.VALIDATION, 0, i));
    }
  }

  /** What a person wants to see of a text beside the loss, by name; nothing for other data. */
  @Override
  public Map<String, Double> measures(Loss loss) {
    return text.map(figures -> Metrics.ofText(loss, figures)).orElse(Map.of());
  }

  /** Whether there is nothing to evaluate. */
  @Override
  public boolean isEmpty() {
    return slices.isEmpty();
  }

  /**
   * The loss over all validation examples, with the confusion counts of a classifier; none where
   * there are no examples.
   *
   * @param step the next training step
   * @param weights the weights that the stages do not have yet
   */
  @Override
  public Optional<Loss> run(long step, IntFunction<Optional<INDArray>> weights) {
    if (isEmpty()) {
      return Optional.empty();
    }
    Loss sum = Loss.none();
    for (int first = 0; first < slices.size(); first += MICRO_BATCHES_PER_STEP) {
      List<Slice> some =
          slices.subList(first, Math.min(slices.size(), first + MICRO_BATCHES_PER_STEP));
      StepContext context =
          new StepContext(
              step, pipeline.nextAttempt(step), 0, some.size(), blocks, Mode.INFERENCE, false);
      List<StagePart> parts =
          pipeline.run(
              new Message.RunStep(context, SCHEDULE, List.copyOf(some)),
              first == 0 ? weights : stage -> Optional.empty());
      sum = sum.plus(ReplicaSums.loss(parts, stages));
      parts.forEach(StagePart::close);
    }
    return Optional.of(sum);
  }
}
