package io.stagecoach.batch;

import io.stagecoach.tensor.HostArray;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Puts rows of chunks together to one array, cutting the time axis. */
final class ColumnGatherer {

  private final RunCopier copier;
  private final HostArray array;
  private final int rowElements;

  /** A row is so many runs of consecutive elements; one, where time is not cut. */
  private final int runs;

  private final int runStride;
  private final int runFirst;
  private final int runLength;

  /**
   * Allocates the array.
   *
   * @param type the array's element type
   * @param rows the array's rows
   * @param firstStep the first time step to take; 0 without a time axis
   * @param steps how many; 1 without a time axis
   */
  ColumnGatherer(ColumnSpec column, DataType type, int rows, int firstStep, int steps) {
    this.copier = RunCopier.of(column.type(), type);
    this.rowElements = column.rowElements();
    boolean whole = steps == column.timeSteps();
    this.runs = whole ? 1 : rowElements / column.timeSteps();
    this.runStride = whole ? rowElements : column.timeSteps();
    this.runFirst = whole ? 0 : firstStep;
    this.runLength = whole ? rowElements : steps;
    this.array = HostArray.allocate(type, shape(column, rows, steps));
  }

  private static long[] shape(ColumnSpec column, int rows, int steps) {
    long[] shape = new long[1 + column.rowShape().size()];
    shape[0] = rows;
    for (int axis = 0; axis < column.rowShape().size(); axis++) {
      shape[1 + axis] = column.rowShape().get(axis);
    }
    if (column.timeAxis()) {
      shape[shape.length - 1] = steps;
    }
    return shape;
  }

  /** Copies a row of a chunk to a row of the array. */
  void copy(LoadedColumn from, int fromRow, int toRow) {
    for (int run = 0; run < runs; run++) {
      copier.copy(
          from.file(),
          from.dataOffset(),
          fromRow * rowElements + run * runStride + runFirst,
          runLength,
          array.bytes(),
          (toRow * runs + run) * runLength);
    }
  }

  /** The array, for the caller to own. */
  INDArray finish() {
    return array.finish();
  }
}
