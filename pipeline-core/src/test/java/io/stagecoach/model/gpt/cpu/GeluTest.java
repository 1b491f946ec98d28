package io.stagecoach.model.gpt.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class GeluTest {

  private static final double ROOT = Math.sqrt(2 / Math.PI);

  private final Gelu gelu = new Gelu();

  /** From -20 to 20. */
  private static float[] grid() {
    float[] x = new float[400_001];
    for (int i = 0; i < x.length; i++) {
      x[i] = (i - 200_000) / 1e4f;
    }
    return x;
  }

  private static double tanh(double x) {
    return StrictMath.tanh(ROOT * (x + 0.044715 * x * x * x));
  }

  @Test
  void itIsTheTanhForm() {
    float[] x = grid();
    INDArray output = Nd4j.createUninitialized(x.length);
    gelu.forward(Floats.of(Nd4j.createFromArray(x)), Floats.of(output));
    float[] actual = output.toFloatVector();
    double worst = 0;
    for (int i = 0; i < x.length; i++) {
      double expected = 0.5 * x[i] * (1 + tanh(x[i]));
      // Below zero the result goes to zero, and the exponent's rounding counts as often as it is
      // large.
      double size = x[i] < -2 ? 0.1 : Math.abs(expected);
      worst = Math.max(worst, Math.abs(actual[i] - expected) / Math.max(size, 1e-30));
    }
    assertThat(worst).isLessThan(1e-6);
  }

  @Test
  void itsDerivativeIsThatOfTheTanhForm() {
    float[] x = grid();
    INDArray gradient = Nd4j.valueArrayOf(x.length, 3f);
    gelu.backward(Floats.of(Nd4j.createFromArray(x)), Floats.of(gradient));
    float[] actual = gradient.toFloatVector();
    double worst = 0;
    for (int i = 0; i < x.length; i++) {
      double t = tanh(x[i]);
      double slope = ROOT * (1 + 3 * 0.044715 * x[i] * x[i]);
      double expected = 0.5 * (1 + t) + 0.5 * x[i] * (1 - t * t) * slope;
      worst = Math.max(worst, Math.abs(actual[i] / 3 - expected));
    }
    assertThat(worst).isLessThan(1e-6);
  }

  @Test
  void farOutItIsZeroOrItsInput() {
    INDArray x = Nd4j.createFromArray(-1e6f, -50f, 50f, 1e6f);
    INDArray y = Nd4j.createUninitialized(4);
    gelu.forward(Floats.of(x), Floats.of(y));
    assertThat(y.toFloatVector()[0]).isBetween(-1e-30f, 0f);
    assertThat(y.toFloatVector()[1]).isBetween(-1e-30f, 0f);
    assertThat(y.toFloatVector()[2]).isEqualTo(50);
    assertThat(y.toFloatVector()[3]).isEqualTo(1e6f);
  }
}
