package io.stagecoach.model;

/**
 * What a layer does for one example, counted as the engine's cost model counts: a multiplication
 * and an addition are two operations.
 *
 * @param forwardOperations of a forward pass
 * @param backwardOperations of a backward pass
 * @param backwardOperationsOnce of a backward pass, once for a micro-batch however many examples it
 *     has
 * @param keptElements numbers kept from forward to backward, beside the output
 * @param workingElements numbers that a pass needs for a moment, beside input and output
 */
public record LayerWork(
    long forwardOperations,
    long backwardOperations,
    long backwardOperationsOnce,
    long keptElements,
    long workingElements) {}
