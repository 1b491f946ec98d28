package io.stagecoach.model.gpt;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Matrix products into arrays in c order, which ND4J by itself computes in f order and copies. */
final class Products {

  private Products() {}

  /**
   * Writes a·b.
   *
   * @param out contiguous, in c order
   */
  static void write(INDArray a, INDArray b, INDArray out) {
    b.transpose().mmuli(a.transpose(), out.transpose());
  }

  /** Writes a·b + bias, the bias for each row. */
  static void write(INDArray a, INDArray b, INDArray bias, INDArray out) {
    write(a, b, out);
    out.addiRowVector(row(bias));
  }

  /** A vector as a row. */
  static INDArray row(INDArray vector) {
    return vector.reshape('c', 1, vector.length());
  }

  /** Writes the sum of the rows of a matrix into a vector. */
  static void sumOfRows(INDArray matrix, INDArray vector) {
    vector.assign(matrix.sum(0).reshape(vector.shape()));
  }
}
