/**
 * The compute path of the GPT's layers for CPUs and float: BLAS on strided views of the arrays, and
 * loops over small tiles on the heap for all that is no product of matrices.
 *
 * <p>The loops are written so that the just-in-time compiler turns them into vector instructions:
 * all arrays of a loop have the same index, a number that belongs to a row or a column is first
 * spread over the tile, and there is no {@code Math.max} of floats, which the compiler takes for an
 * instruction or for a branch as the profile of the whole program suggests. Sums are taken in a
 * fixed order: results are a pure function of the inputs, on one kind of machine.
 */
package io.stagecoach.model.gpt.cpu;
