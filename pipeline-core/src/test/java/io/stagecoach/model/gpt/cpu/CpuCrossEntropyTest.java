package io.stagecoach.model.gpt.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Against loops in double. */
class CpuCrossEntropyTest {

  private final CpuCrossEntropy math = new CpuCrossEntropy();

  @ParameterizedTest
  @CsvSource({"1, 2", "300, 65", "7, 1000", "3, 9000"})
  void itIsWhatLoopsGive(int rows, int classes) {
    Nd4j.getRandom().setSeed(rows);
    INDArray logits = Nd4j.randn(DataType.FLOAT, rows, classes).muli(10).addi(50);
    int[] chosen = new int[rows];
    double[] weights = new double[rows];
    for (int r = 0; r < rows; r++) {
      chosen[r] = r * 31 % classes;
      weights[r] = r % 3;
    }
    double[] losses = math.losses(logits, chosen);
    INDArray probabilities = logits.dup('c');
    math.softmax(probabilities);
    INDArray gradients = logits.dup('c');
    math.gradients(gradients, chosen, weights);
    for (int r = 0; r < rows; r++) {
      double sum = 0;
      for (int c = 0; c < classes; c++) {
        sum += StrictMath.exp(logits.getDouble(r, c) - 50);
      }
      double expected = StrictMath.log(sum) + 50 - logits.getDouble(r, chosen[r]);
      assertThat(losses[r]).isCloseTo(expected, within(1e-5));
      for (int c = 0; c < classes; c++) {
        double p = StrictMath.exp(logits.getDouble(r, c) - 50) / sum;
        assertThat(probabilities.getDouble(r, c)).isCloseTo(p, within(1e-6 * p + 1e-12));
        double gradient = (p - (c == chosen[r] ? 1 : 0)) * weights[r];
        assertThat(gradients.getDouble(r, c)).isCloseTo(gradient, within(1e-6));
      }
    }
  }
}
