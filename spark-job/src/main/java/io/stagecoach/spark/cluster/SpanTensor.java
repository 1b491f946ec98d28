package io.stagecoach.spark.cluster;

import io.stagecoach.schedule.Action;
import io.stagecoach.stage.Span;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Spans as one int64 tensor of shape [actions, 2], start and end: thousands of spans cost a step
 * nothing, and the actions themselves are known to both sides.
 */
final class SpanTensor {

  private SpanTensor() {}

  static INDArray pack(List<Span> spans) {
    long[] times = new long[spans.size() * 2];
    for (int i = 0; i < spans.size(); i++) {
      times[2 * i] = spans.get(i).startNanos();
      times[2 * i + 1] = spans.get(i).endNanos();
    }
    return Nd4j.createFromArray(times).reshape(spans.size(), 2);
  }

  /**
   * The spans of these actions.
   *
   * @param answer what came with a stage's answer
   */
  static List<Span> unpack(List<Action> actions, Tensors answer) {
    if (actions.isEmpty()) {
      // Of a replica that had no micro-batch.
      return List.of();
    }
    INDArray times = answer.get(Message.SPANS);
    if (times.rank() != 2 || times.size(0) != actions.size() || times.size(1) != 2) {
      throw new IllegalArgumentException(
          actions.size() + " actions, and spans of shape " + times.shapeInfoToString());
    }
    long[] flat = times.reshape(times.length()).toLongVector();
    List<Span> spans = new ArrayList<>(actions.size());
    for (int i = 0; i < actions.size(); i++) {
      spans.add(new Span(actions.get(i), flat[2 * i], flat[2 * i + 1]));
    }
    return spans;
  }
}
