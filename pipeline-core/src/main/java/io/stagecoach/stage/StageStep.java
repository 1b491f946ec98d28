package io.stagecoach.stage;

import io.stagecoach.engine.Loss;
import java.io.Serializable;
import java.util.List;

/**
 * What one stage did in one step, less its gradients.
 *
 * @param stage which stage, those of all replicas numbered through
 * @param executor which executor of the pipeline it is on
 * @param step which step
 * @param attempt which try of it
 * @param loss what the last stage says of its labels, nothing elsewhere
 * @param examples the examples that passed
 * @param regularization this stage's penalty at the step's weights; 0 where the step does not train
 * @param elapsedNanos from hearing of the step to the end of its executor's last action
 * @param spans every action, in order
 * @param traffic what the exchange carried
 * @param peakStash the most micro-batches that were stashed at once
 */
public record StageStep(
    int stage,
    int executor,
    long step,
    int attempt,
    Loss loss,
    long examples,
    double regularization,
    long elapsedNanos,
    List<Span> spans,
    Traffic traffic,
    int peakStash)
    implements Serializable {

  public StageStep {
    spans = List.copyOf(spans);
  }

  /** Time in which this stage's device computed. */
  public long busyNanos() {
    return spans.stream().filter(Span::isCompute).mapToLong(Span::nanos).sum();
  }
}
