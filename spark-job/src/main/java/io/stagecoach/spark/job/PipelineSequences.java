package io.stagecoach.spark.job;

import io.stagecoach.batch.Columns;
import io.stagecoach.batch.Slice;
import io.stagecoach.batch.Slice.Split;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.StepContext;
import io.stagecoach.schedule.ForwardOnly;
import io.stagecoach.spark.cluster.Message;
import io.stagecoach.spark.cluster.Order;
import io.stagecoach.spark.cluster.Pipeline;
import io.stagecoach.spark.cluster.StageAddress;
import io.stagecoach.sync.StagePart;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A model cut into stages: each group is a micro-batch, which takes its new tokens through all. */
final class PipelineSequences implements PlacedSequences {

  private static final String SCHEDULE = new ForwardOnly().name();

  private final Pipeline pipeline;
  private final int longest;
  private final IntFunction<Optional<INDArray>> weights;
  private long step;

  /**
   * @param pipeline closed with this
   * @param longest the most tokens that a sequence may have
   * @param weights of each stage, which they do not have yet
   */
  PipelineSequences(Pipeline pipeline, int longest, IntFunction<Optional<INDArray>> weights) {
    this.pipeline = pipeline;
    this.longest = longest;
    this.weights = weights;
  }

  @Override
  public List<INDArray> next(List<int[][]> tokens, boolean fresh) {
    List<Slice> slices = new ArrayList<>();
    List<Tensors> given = new ArrayList<>();
    long row = 0;
    try {
      for (int[][] group : tokens) {
        slices.add(Slice.of(Split.VALIDATION, 0, row, group.length));
        given.add(Tensors.of(Columns.FEATURES, Nd4j.createFromArray(group)));
        row += group.length;
      }
      StepContext context =
          new StepContext(
              step, pipeline.nextAttempt(step), 0, tokens.size(), Mode.GENERATION, !fresh);
      pipeline.tell(
          Order.of(
                  new Message.RunStep(context, SCHEDULE, slices),
                  step == 0 ? weights : stage -> Optional.empty())
              .on(given));
      step++;
      return predicted(pipeline.await(), tokens.size());
    } finally {
      given.forEach(Tensors::close);
    }
  }

  private static List<INDArray> predicted(List<StagePart> parts, int groups) {
    try {
      Tensors last = parts.get(parts.size() - 1).gradients();
      List<INDArray> predicted = new ArrayList<>();
      for (int group = 0; group < groups; group++) {
        // What came is only there until the parts are closed.
        predicted.add(last.get(Message.output(group, Mode.NEXT)).dup('c'));
      }
      return predicted;
    } finally {
      parts.forEach(StagePart::close);
    }
  }

  @Override
  public int longestSequence() {
    return longest;
  }

  @Override
  public List<StageAddress> stages() {
    return pipeline.stages();
  }

  @Override
  public void abandon() {
    pipeline.abandon();
  }

  @Override
  public void close() {
    pipeline.close();
  }
}
