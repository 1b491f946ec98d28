package io.stagecoach.spark.cluster;

import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StepContext;
import io.stagecoach.stage.GradientListener;
import io.stagecoach.stage.StageStep;
import io.stagecoach.sync.StagePart;
import io.stagecoach.tensor.MessageSize;
import io.stagecoach.tensor.Tensors;
import java.util.HashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Sends the gradients of a step piece by piece, as they become final, while the last backward pass
 * still runs: on the way, and summed by the driver, beside what is still computed. Layers that are
 * small go together. What is left when a stage is done goes with its answer.
 */
final class GradientStream implements GradientListener, StepAnswer.Summed {

  /**
   * Where pieces go; owns their tensors, which stay the module's and are read until they are out.
   */
  @FunctionalInterface
  interface Way {
    void send(Message.GradientsFinished message, Tensors piece);
  }

  private final Way way;

  /** By stage, where what was sent of its gradients begins. */
  private final Map<Integer, Long> sent = new HashMap<>();

  /** By stage, where what is final of them begins. */
  private final Map<Integer, Long> complete = new HashMap<>();

  GradientStream(Way way) {
    this.way = way;
  }

  @Override
  public void finished(int stage, StepContext step, INDArray flat, long from, long to) {
    long end = sent.computeIfAbsent(stage, s -> flat.length());
    if (to != complete.computeIfAbsent(stage, s -> flat.length())) {
      // Not next to the others; they may all wait for the end.
      return;
    }
    complete.put(stage, from);
    // What ends the pass ends the step: it goes with the answer.
    if (from > 0 && (end - from) * flat.dataType().width() >= MessageSize.WORTHWHILE_BYTES) {
      sent.put(stage, from);
      way.send(
          new Message.GradientsFinished(stage, step.step(), step.attempt(), from),
          part(flat, from, end));
    }
  }

  @Override
  public Tensors of(StageStep report, StageModule module) {
    long length = module.parameterLayout().length();
    return length == 0
        ? Tensors.none()
        : part(module.gradients().flat(), 0, sent.getOrDefault(report.stage(), length));
  }

  private static Tensors part(INDArray flat, long from, long to) {
    return Tensors.viewsOf(
        Map.of(StagePart.GRADIENTS, flat.get(NDArrayIndex.interval(from, to))), () -> {});
  }
}
