package io.stagecoach.batch;

import java.io.Serializable;

/**
 * Names the examples of one micro-batch, and for sequences the time steps of them: a pure index
 * into the batch store, so that replay and resume are arithmetic.
 *
 * @param split which part of the data
 * @param epoch the epoch, which decides the order; validation is always read in the order of epoch
 *     0
 * @param firstRow the first example's position in the epoch's order
 * @param rows how many examples; at least 1
 * @param firstTimeStep the first time step; 0 for data without a time axis
 * @param timeSteps how many time steps; {@link #WHOLE} for all that there are
 */
public record Slice(
    Split split, int epoch, long firstRow, int rows, int firstTimeStep, int timeSteps)
    implements Serializable {

  /** All time steps, or no time axis at all. */
  public static final int WHOLE = -1;

  /** The parts of the data. */
  public enum Split {
    TRAINING,
    VALIDATION
  }

  public Slice {
    if (rows < 1 || firstRow < 0 || epoch < 0 || firstTimeStep < 0) {
      throw new IllegalArgumentException(
          "not a slice: rows " + rows + ", first row " + firstRow + ", epoch " + epoch);
    }
  }

  /** These examples, whole sequences. */
  public static Slice of(Split split, int epoch, long firstRow, int rows) {
    return new Slice(split, epoch, firstRow, rows, 0, WHOLE);
  }

  /** The same examples, some of their time steps. */
  public Slice time(int first, int count) {
    return new Slice(split, epoch, firstRow, rows, first, count);
  }
}
