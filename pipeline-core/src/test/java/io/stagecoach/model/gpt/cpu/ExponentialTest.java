package io.stagecoach.model.gpt.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ExponentialTest {

  private final Exponential exponential = new Exponential();

  @Test
  void itsRelativeErrorIsBelowFourInTenMillion() {
    double worst = 0;
    float[] x = new float[10_000];
    float[] power = new float[x.length];
    for (int part = -87; part < 87; part++) {
      for (int i = 0; i < x.length; i++) {
        x[i] = part + i / 10_000f;
      }
      System.arraycopy(x, 0, power, 0, x.length);
      exponential.apply(power, x.length);
      for (int i = 0; i < x.length; i++) {
        worst = Math.max(worst, Math.abs(power[i] / StrictMath.exp(x[i]) - 1));
      }
    }
    assertThat(worst).isLessThan(4e-7).isGreaterThan(1e-8);
  }

  @Test
  void beyondItsRangeItStaysFiniteAndPositive() {
    float[] x = {-88, -1e4f, -1e30f, 88, 1e4f, 1e30f, 0};
    exponential.apply(x, x.length);
    float least = (float) StrictMath.exp(-87);
    float most = (float) StrictMath.exp(87);
    for (int i = 0; i < 3; i++) {
      assertThat(x[i] / least).isBetween(0.9999f, 1.0001f);
      assertThat(x[3 + i] / most).isBetween(0.9999f, 1.0001f);
    }
    assertThat(x[6]).isEqualTo(1);
  }

  @Test
  void whatIsNoNumberStaysNone() {
    float[] x = {Float.NaN, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, 1};
    exponential.apply(x, 3);
    assertThat(x).startsWith(Float.NaN, Float.NaN, Float.NaN).endsWith(1);
  }
}
