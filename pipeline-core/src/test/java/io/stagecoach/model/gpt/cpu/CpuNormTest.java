package io.stagecoach.model.gpt.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.model.gpt.NormMath;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Against loops in double, for shapes that fill tiles and that do not. */
class CpuNormTest {

  private final PlainMemory memory = new PlainMemory(DataType.FLOAT);

  @ParameterizedTest
  @CsvSource({"1, 3", "40, 256", "100, 65", "3, 5000"})
  void itIsWhatLoopsGive(int rows, int width) {
    Nd4j.getRandom().setSeed(rows);
    INDArray x = Nd4j.randn(DataType.FLOAT, rows, width).muli(3).addi(1);
    INDArray gain = Nd4j.randn(DataType.FLOAT, width);
    INDArray bias = Nd4j.randn(DataType.FLOAT, width);
    INDArray gradient = Nd4j.randn(DataType.FLOAT, rows, width);
    INDArray y = Nd4j.createUninitialized(rows, width);
    INDArray xGradient = Nd4j.createUninitialized(rows, width);
    INDArray gainGradient = Nd4j.createUninitialized(width);
    INDArray biasGradient = Nd4j.createUninitialized(width);

    NormMath.Pass pass = new CpuNorm().forward(x, gain, bias, y, memory);
    pass.backward(gradient, xGradient, gainGradient, biasGradient, memory);

    double[] gainSums = new double[width];
    double[] biasSums = new double[width];
    for (int r = 0; r < rows; r++) {
      double mean = 0;
      for (int i = 0; i < width; i++) {
        mean += x.getDouble(r, i) / width;
      }
      double variance = 0;
      for (int i = 0; i < width; i++) {
        variance += Math.pow(x.getDouble(r, i) - mean, 2) / width;
      }
      double deviation = Math.sqrt(variance + 1e-5);
      double[] normed = new double[width];
      double weighted = 0;
      double product = 0;
      for (int i = 0; i < width; i++) {
        normed[i] = (x.getDouble(r, i) - mean) / deviation;
        double g = gradient.getDouble(r, i);
        gainSums[i] += g * normed[i];
        biasSums[i] += g;
        weighted += g * gain.getDouble(i) / width;
        product += g * gain.getDouble(i) * normed[i] / width;
        assertNear(y.getDouble(r, i), normed[i] * gain.getDouble(i) + bias.getDouble(i));
      }
      for (int i = 0; i < width; i++) {
        double g = gradient.getDouble(r, i) * gain.getDouble(i);
        assertNear(xGradient.getDouble(r, i), (g - weighted - normed[i] * product) / deviation);
      }
    }
    for (int i = 0; i < width; i++) {
      assertNear(gainGradient.getDouble(i), gainSums[i]);
      assertNear(biasGradient.getDouble(i), biasSums[i]);
    }
  }

  private static void assertNear(double actual, double expected) {
    if (Math.abs(actual - expected) > 1e-5 * Math.max(1, Math.abs(expected))) {
      assertThat(actual).isEqualTo(expected);
    }
  }
}
