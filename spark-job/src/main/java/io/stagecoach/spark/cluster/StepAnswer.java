package io.stagecoach.spark.cluster;

import io.stagecoach.engine.Mode;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StepContext;
import io.stagecoach.stage.ExecutorRuntime;
import io.stagecoach.stage.StageStep;
import io.stagecoach.sync.StagePart;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a stage answers when a step is done.
 *
 * @param report what happened
 * @param tensors its spans; its gradients, which stay the module's own and are not touched before
 *     the driver has them all; what it gave and sent nowhere, where the order asks for that
 */
record StepAnswer(StageStep report, Tensors tensors) {

  /** What a stage tells of the gradients of a step that trained. */
  interface Summed {

    /** The gradients themselves: for the driver, who has the weights. */
    Summed WHOLE =
        (report, module) ->
            module.parameterLayout().length() == 0
                ? Tensors.none()
                : Tensors.viewsOf(Map.of(StagePart.GRADIENTS, module.gradients().flat()), () -> {});

    /** For the receiver to close. */
    Tensors of(StageStep report, StageModule module);
  }

  /**
   * Ends a step: the answers of all stages, in order, whose tensors the caller owns.
   *
   * @param summed what they tell of their gradients
   */
  static List<StepAnswer> end(ExecutorRuntime runtime, StepContext context, Summed summed) {
    Map<Integer, Tensors> outputs = new HashMap<>();
    if (context.mode().isAnswered()) {
      runtime
          .stages()
          .forEach(
              hosted ->
                  outputs.put(
                      hosted.stage(), outputs(runtime, hosted.stage(), context.microBatches())));
    }
    List<StepAnswer> answers = new ArrayList<>();
    for (StageStep report : runtime.end()) {
      StepAnswer answer = of(report, runtime, context, summed);
      answers.add(
          new StepAnswer(
              report, answer.tensors().and(outputs.getOrDefault(report.stage(), Tensors.none()))));
    }
    return answers;
  }

  /** Ends a step that trains for one stage, while others on the executor have more to do in it. */
  static StepAnswer end(ExecutorRuntime runtime, int stage, StepContext context, Summed summed) {
    return of(runtime.end(stage), runtime, context, summed);
  }

  private static StepAnswer of(
      StageStep report, ExecutorRuntime runtime, StepContext context, Summed summed) {
    StageModule module = runtime.stage(report.stage()).module();
    Tensors own = own(report, module, context.mode());
    return new StepAnswer(
        report, context.mode() == Mode.TRAINING ? own.and(summed.of(report, module)) : own);
  }

  private static Tensors outputs(ExecutorRuntime runtime, int stage, int microBatches) {
    Map<String, INDArray> named = new LinkedHashMap<>();
    List<Tensors> owned = new ArrayList<>();
    for (int m = 0; m < microBatches; m++) {
      Tensors left = runtime.takeOutputs(stage, m);
      owned.add(left);
      int microBatch = m;
      left.asMap().forEach((name, array) -> named.put(Message.output(microBatch, name), array));
    }
    return Tensors.viewsOf(named, () -> owned.forEach(Tensors::close));
  }

  private static Tensors own(StageStep report, StageModule module, Mode mode) {
    Map<String, INDArray> named = new LinkedHashMap<>();
    Runnable release = () -> {};
    if (!report.spans().isEmpty()) {
      INDArray spans = SpanTensor.pack(report.spans());
      named.put(Message.SPANS, spans);
      release = spans::close;
    }
    if (mode == Mode.TRAINING) {
      module.carriedState().forEach((name, array) -> named.put(Message.STATE + name, array));
    }
    return Tensors.viewsOf(named, release);
  }
}
