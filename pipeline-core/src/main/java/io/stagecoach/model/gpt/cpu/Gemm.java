package io.stagecoach.model.gpt.cpu;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;

import org.bytedeco.openblas.global.openblas_nolapack;

/**
 * Products of matrices by BLAS, C ← factor · A·B + kept · C, where C has m rows and n columns, and
 * k is the length of the sums. With kept = 0, C may hold anything before.
 */
final class Gemm {

  private Gemm() {}

  /** A [m, k] · B [k, n]. */
  static void product(int m, int n, int k, float factor, Panel a, Panel b, float kept, Panel c) {
    multiply(CblasNoTrans, CblasNoTrans, m, n, k, factor, a, b, kept, c);
  }

  /** A [m, k] · Bᵀ, where B is [n, k]. */
  static void productWithTransposed(
      int m, int n, int k, float factor, Panel a, Panel b, float kept, Panel c) {
    multiply(CblasNoTrans, CblasTrans, m, n, k, factor, a, b, kept, c);
  }

  /** Aᵀ · B [k, n], where A is [k, m]. */
  static void productOfTransposed(
      int m, int n, int k, float factor, Panel a, Panel b, float kept, Panel c) {
    multiply(CblasTrans, CblasNoTrans, m, n, k, factor, a, b, kept, c);
  }

  private static void multiply(
      int ofA, int ofB, int m, int n, int k, float factor, Panel a, Panel b, float kept, Panel c) {
    openblas_nolapack.cblas_sgemm(
        CblasRowMajor,
        ofA,
        ofB,
        m,
        n,
        k,
        factor,
        a.pointer(),
        a.stride(),
        b.pointer(),
        b.stride(),
        kept,
        c.pointer(),
        c.stride());
  }

  /**
   * The sum of each column: sums ← Aᵀ · ones.
   *
   * @param a [rows, columns]
   * @param ones as many ones as rows
   * @param sums [columns]; written
   */
  static void columnSums(int rows, int columns, Panel a, Panel ones, Panel sums) {
    openblas_nolapack.cblas_sgemv(
        CblasRowMajor,
        CblasTrans,
        rows,
        columns,
        1,
        a.pointer(),
        a.stride(),
        ones.pointer(),
        1,
        0,
        sums.pointer(),
        1);
  }
}
