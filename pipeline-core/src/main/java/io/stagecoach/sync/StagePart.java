package io.stagecoach.sync;

import io.stagecoach.stage.StageStep;
import io.stagecoach.tensor.Tensors;

/**
 * What one stage brings to the gradient barrier.
 *
 * @param report what the stage did
 * @param gradients its flat gradients under {@link #GRADIENTS}, none after a step that did not
 *     train; owned by whoever holds this
 */
public record StagePart(StageStep report, Tensors gradients) implements AutoCloseable {

  /** The name of the flat gradients. */
  public static final String GRADIENTS = "gradients";

  @Override
  public void close() {
    gradients.close();
  }
}
