package io.stagecoach.tensor;

/**
 * What one Arrow message carries.
 *
 * @param microBatch which micro-batch the tensors belong to, or any other number that sender and
 *     receiver agree on
 * @param tensors the tensors, which the message's holder owns
 */
public record TensorMessage(long microBatch, Tensors tensors) {}
