package io.stagecoach.engine;

import io.stagecoach.tensor.Tensors;

/**
 * What a forward pass gives.
 *
 * @param outputs what crosses to the next stage; none after the last stage's training pass. The
 *     caller owns them, and the module needs them no more
 * @param loss what the last stage says of its labels; {@link Loss#none()} elsewhere
 */
public record Forward(Tensors outputs, Loss loss) {}
