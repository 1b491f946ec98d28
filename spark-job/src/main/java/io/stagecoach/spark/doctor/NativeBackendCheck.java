package io.stagecoach.spark.doctor;

import java.util.Locale;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Whether ND4J's native code is there, and how fast it multiplies matrices. */
final class NativeBackendCheck implements ProcessCheck {

  private static final int SIZE = 512;
  private static final long BUDGET_NANOS = 300_000_000;

  /** One core of the last ten years does some times as much: below, it runs other code or waits. */
  private static final double SLOW = 5;

  @Override
  public String name() {
    return "native backend";
  }

  @Override
  public Finding look(Here here) {
    String backend;
    double rate;
    try {
      backend = Nd4j.getBackend().getClass().getSimpleName();
      rate = rate();
    } catch (LinkageError | RuntimeException e) {
      return absent(e);
    }
    return judge(backend, rate, Nd4j.factory().blas().getMaxThreads());
  }

  /** Floating-point operations a second, in units of 10⁹: a product of n × n takes 2n³ of them. */
  private static double rate() {
    try (INDArray a = Nd4j.ones(DataType.FLOAT, SIZE, SIZE);
        INDArray b = Nd4j.ones(DataType.FLOAT, SIZE, SIZE);
        INDArray c = Nd4j.createUninitialized(DataType.FLOAT, new long[] {SIZE, SIZE}, 'f')) {
      Nd4j.gemm(a, b, c, false, false, 1, 0);
      long start = System.nanoTime();
      long end = start;
      int products = 0;
      while (end - start < BUDGET_NANOS) {
        Nd4j.gemm(a, b, c, false, false, 1, 0);
        products++;
        end = System.nanoTime();
      }
      return 2.0 * SIZE * SIZE * SIZE * products / (end - start);
    }
  }

  static Finding judge(String backend, double rate, int threads) {
    String found =
        String.format(
            Locale.ROOT,
            "%s, %.1f GFLOP/s in float32 with %d %s",
            backend,
            rate,
            threads,
            threads == 1 ? "thread" : "threads");
    return rate < SLOW
        ? new Finding.Warn(
            found,
            "Slow: see whether the machine is busy, the container is throttled (its CPU limit), or"
                + " there are more threads than cores.")
        : new Finding.Ok(found);
  }

  static Finding absent(Throwable why) {
    Throwable deepest = why;
    while (deepest.getCause() != null) {
      deepest = deepest.getCause();
    }
    return new Finding.Trouble(
        "not loaded: " + deepest,
        "The jar has native code for one platform (-Dnd4j.platform when it is built), which needs"
            + " glibc 2.27 and a temporary directory that programs may run from"
            + " (-Dorg.bytedeco.javacpp.cachedir names another).");
  }
}
