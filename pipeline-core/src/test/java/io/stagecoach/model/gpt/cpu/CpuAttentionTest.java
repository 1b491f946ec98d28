package io.stagecoach.model.gpt.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.model.gpt.BlockShape;
import io.stagecoach.model.gpt.Thinning;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Against loops in double, for lengths around the blocks' border. */
class CpuAttentionTest {

  private static final int EXAMPLES = 2;
  private static final int HEADS = 3;
  private static final int HEAD_WIDTH = 5;
  private static final int WIDTH = HEADS * HEAD_WIDTH;

  /** Scores of up to some 20 have a rounding error that the exponential takes over. */
  private static final double TOLERANCE = 2e-5;

  private final PlainMemory memory = new PlainMemory(DataType.FLOAT);

  private static INDArray random(long seed, double size, int rows, int columns) {
    Random random = new Random(seed);
    float[][] numbers = new float[rows][columns];
    for (float[] row : numbers) {
      for (int i = 0; i < columns; i++) {
        row[i] = (float) (size * random.nextGaussian());
      }
    }
    return Nd4j.createFromArray(numbers);
  }

  /** Probabilities, result and gradients of one head by loops. */
  private static final class Loops {
    private final int time;
    private final double[][] q;
    private final double[][] k;
    private final double[][] v;
    private final double[][] p;

    Loops(double[][] qkv, int time, int example, int head) {
      this.time = time;
      q = part(qkv, example * time, time, head * HEAD_WIDTH);
      k = part(qkv, example * time, time, WIDTH + head * HEAD_WIDTH);
      v = part(qkv, example * time, time, 2 * WIDTH + head * HEAD_WIDTH);
      p = new double[time][time];
      for (int i = 0; i < time; i++) {
        double sum = 0;
        for (int j = 0; j <= i; j++) {
          p[i][j] = StrictMath.exp(dot(q[i], k[j]) / Math.sqrt(HEAD_WIDTH));
          sum += p[i][j];
        }
        for (int j = 0; j <= i; j++) {
          p[i][j] /= sum;
        }
      }
    }

    static double[][] part(double[][] of, int row, int rows, int column) {
      double[][] part = new double[rows][HEAD_WIDTH];
      for (int i = 0; i < rows; i++) {
        System.arraycopy(of[row + i], column, part[i], 0, HEAD_WIDTH);
      }
      return part;
    }

    static double dot(double[] a, double[] b) {
      double sum = 0;
      for (int i = 0; i < a.length; i++) {
        sum += a[i] * b[i];
      }
      return sum;
    }

    double result(int i, int c) {
      double sum = 0;
      for (int j = 0; j < time; j++) {
        sum += p[i][j] * v[j][c];
      }
      return sum;
    }

    /** Of queries, keys and values. */
    double[][][] gradients(double[][] g) {
      double[][][] gradients = new double[3][time][HEAD_WIDTH];
      for (int i = 0; i < time; i++) {
        double expected = 0;
        for (int j = 0; j <= i; j++) {
          expected += p[i][j] * dot(g[i], v[j]);
        }
        for (int j = 0; j <= i; j++) {
          double score = p[i][j] * (dot(g[i], v[j]) - expected) / Math.sqrt(HEAD_WIDTH);
          for (int c = 0; c < HEAD_WIDTH; c++) {
            gradients[0][i][c] += score * k[j][c];
            gradients[1][j][c] += score * q[i][c];
            gradients[2][j][c] += p[i][j] * g[i][c];
          }
        }
      }
      return gradients;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 63, 64, 65, 128, 150})
  void itIsWhatLoopsGive(int time) {
    BlockShape shape = new BlockShape(EXAMPLES, time, WIDTH, HEADS, 4 * WIDTH);
    CpuAttention attention = new CpuAttention(shape, new CausalSoftmax(new CausalBlocks(time)));
    INDArray qkv = random(time, 2, EXAMPLES * time, 3 * WIDTH);
    INDArray result = Nd4j.createUninitialized(EXAMPLES * time, WIDTH);
    INDArray gradient = random(time + 1, 1, EXAMPLES * time, WIDTH);
    INDArray qkvGradient = Nd4j.createUninitialized(EXAMPLES * time, 3 * WIDTH);

    CpuAttention.Kept kept =
        attention.forward(Floats.of(qkv), Floats.of(result), Thinning.NONE, memory);
    attention.backward(
        Floats.of(qkv), kept, Floats.of(gradient), Floats.of(qkvGradient), Thinning.NONE, memory);

    double worst = 0;
    for (int example = 0; example < EXAMPLES; example++) {
      for (int head = 0; head < HEADS; head++) {
        Loops loops = new Loops(qkv.toDoubleMatrix(), time, example, head);
        int row = example * time;
        int column = head * HEAD_WIDTH;
        double[][][] expected =
            loops.gradients(Loops.part(gradient.toDoubleMatrix(), row, time, column));
        for (int i = 0; i < time; i++) {
          for (int c = 0; c < HEAD_WIDTH; c++) {
            worst =
                Math.max(
                    worst, Math.abs(result.getDouble(row + i, column + c) - loops.result(i, c)));
            for (int part = 0; part < 3; part++) {
              double actual = qkvGradient.getDouble(row + i, part * WIDTH + column + c);
              double error = Math.abs(actual - expected[part][i][c]);
              worst = Math.max(worst, error / Math.max(1, Math.abs(expected[part][i][c])));
            }
          }
        }
      }
    }
    assertThat(worst).isLessThan(TOLERANCE);
  }
}
