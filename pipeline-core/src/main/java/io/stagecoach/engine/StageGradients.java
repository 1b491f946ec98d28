package io.stagecoach.engine;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradients of one stage after its last backward pass.
 *
 * @param flat the stage's flat vector, rank 1, in the stage's {@link ParameterLayout}: for
 *     trainable views the sum over micro-batches, in ascending order (within the step's blocks,
 *     then over these), of the gradient of the summed loss (divided by nothing); for statistics the
 *     sum of (examples of the micro-batch × change). A live view, valid until the next step begins
 * @param examples how many examples it is over
 * @param regularization this stage's L1, L2 and weight decay penalty at the step's weights
 */
public record StageGradients(INDArray flat, long examples, double regularization) {}
