package io.stagecoach.model.gpt.cpu;

/**
 * Products with weights: rows · matrix, and its gradients. Widths are what the arrays' lengths say.
 *
 * @param rows of inputs and outputs
 */
record Linear(int rows) {

  /**
   * sum ← sum + input · matrix.
   *
   * @param input [rows, m]
   * @param matrix [m, n]
   * @param sum [rows, n]
   */
  void addProduct(Floats input, Floats matrix, Floats sum) {
    int inner = width(input);
    int outer = width(sum);
    Gemm.product(
        rows,
        outer,
        inner,
        1,
        input.panel(0, inner),
        matrix.panel(0, outer),
        1,
        sum.panel(0, outer));
  }

  /**
   * The gradients of input · matrix + bias.
   *
   * @param input [rows, m]
   * @param matrix [m, n]
   * @param outputGradient [rows, n]
   * @param inputGradient [rows, m]; written
   * @param matrixGradient [m, n]; written
   * @param biasGradient [n]; written
   * @param ones [rows]
   */
  void backward(
      Floats input,
      Floats matrix,
      Floats outputGradient,
      Floats inputGradient,
      Floats matrixGradient,
      Floats biasGradient,
      Floats ones) {
    int inner = width(input);
    int outer = width(outputGradient);
    Panel gradient = outputGradient.panel(0, outer);
    Gemm.columnSums(rows, outer, gradient, ones.panel(0, 1), biasGradient.panel(0, 1));
    Gemm.productOfTransposed(
        inner, outer, rows, 1, input.panel(0, inner), gradient, 0, matrixGradient.panel(0, outer));
    Gemm.productWithTransposed(
        rows, inner, outer, 1, gradient, matrix.panel(0, outer), 0, inputGradient.panel(0, inner));
  }

  private int width(Floats array) {
    return Math.toIntExact(array.length() / rows);
  }
}
