package io.stagecoach.spark.job;

import io.stagecoach.batch.Slice;
import io.stagecoach.batch.Slice.Split;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.StepContext;
import io.stagecoach.engine.dl4j.ModelOutputs;
import io.stagecoach.schedule.ForwardOnly;
import io.stagecoach.spark.cluster.Message;
import io.stagecoach.spark.cluster.Order;
import io.stagecoach.spark.cluster.Pipeline;
import io.stagecoach.spark.score.PredictionFiles;
import io.stagecoach.spark.score.StagedBatch;
import io.stagecoach.spark.score.StagedBatches;
import io.stagecoach.sync.StagePart;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Takes batches of rows through the stages, each as a micro-batch, and writes down what comes out.
 * The driver has the batches of two steps in memory: of the one under way, and of the next.
 */
final class PipelinePredictions {

  private static final String SCHEDULE = new ForwardOnly().name();

  private final Pipeline pipeline;
  private final IntFunction<Optional<INDArray>> weights;
  private final ModelOutputs outputs;
  private final int microBatches;
  private long step;

  /**
   * @param weights of each stage, which they do not have yet
   * @param outputs of the model
   * @param microBatches how many batches go in a step, at most
   */
  PipelinePredictions(
      Pipeline pipeline,
      IntFunction<Optional<INDArray>> weights,
      ModelOutputs outputs,
      int microBatches) {
    this.pipeline = pipeline;
    this.weights = weights;
    this.outputs = outputs;
    this.microBatches = microBatches;
  }

  /** The batches of a step. */
  private record Group(List<StagedBatch> batches) implements AutoCloseable {

    static Group read(StagedBatches from, int most) {
      Group group = new Group(new ArrayList<>());
      try {
        while (group.batches.size() < most) {
          Optional<StagedBatch> next = from.next();
          if (next.isEmpty()) {
            break;
          }
          group.batches.add(next.get());
        }
        return group;
      } catch (RuntimeException | Error e) {
        group.close();
        throw e;
      }
    }

    boolean isEmpty() {
      return batches.isEmpty();
    }

    @Override
    public void close() {
      batches.forEach(StagedBatch::close);
      batches.clear();
    }
  }

  /** Takes all batches through. */
  void run(StagedBatches batches, PredictionFiles files) {
    Group next = Group.read(batches, microBatches);
    while (!next.isEmpty()) {
      try (Group now = next) {
        tell(now);
        // The stages are at work meanwhile.
        next = Group.read(batches, microBatches);
        answer(now, files);
      } catch (RuntimeException | Error e) {
        next.close();
        throw e;
      }
    }
  }

  private void tell(Group group) {
    List<Slice> slices = new ArrayList<>();
    long row = 0;
    for (StagedBatch batch : group.batches()) {
      slices.add(Slice.of(Split.VALIDATION, 0, row, batch.rows()));
      row += batch.rows();
    }
    StepContext context =
        new StepContext(step, pipeline.nextAttempt(step), 0, slices.size(), Mode.PREDICTION, false);
    pipeline.tell(
        Order.of(
                new Message.RunStep(context, SCHEDULE, slices),
                step == 0 ? weights : stage -> Optional.empty())
            .on(group.batches().stream().map(StagedBatch::features).toList()));
    step++;
  }

  private void answer(Group group, PredictionFiles files) {
    List<StagePart> parts = pipeline.await();
    try {
      Tensors last = parts.get(parts.size() - 1).gradients();
      for (int i = 0; i < group.batches().size(); i++) {
        Tensors given = Tensors.viewsOf(last.under(Message.output(i, "")), () -> {});
        files.add(group.batches().get(i).file(), outputs.of(given));
      }
    } finally {
      parts.forEach(StagePart::close);
    }
  }
}
