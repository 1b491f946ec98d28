package io.stagecoach.model.gpt.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.model.gpt.BlockDropouts;
import io.stagecoach.model.gpt.BlockMath;
import io.stagecoach.model.gpt.BlockShape;
import io.stagecoach.model.gpt.BlockWeights;
import io.stagecoach.model.gpt.Nd4jPath;
import io.stagecoach.model.gpt.Thinning;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The whole block against the path of ND4J operations in double, which finite differences check.
 */
class CpuBlockTest {

  /** Of the largest number of an array. */
  private static final double TOLERANCE = 1e-5;

  /** A mask that is the same at each call. */
  private static final class FixedThinning implements Thinning {
    private final long seed;

    FixedThinning(long seed) {
      this.seed = seed;
    }

    @Override
    public boolean isActive() {
      return true;
    }

    @Override
    public void forward(INDArray array) {
      Random random = new Random(seed);
      double[] mask = new double[Math.toIntExact(array.length())];
      for (int i = 0; i < mask.length; i++) {
        mask[i] = random.nextDouble() < 0.25 ? 0 : 1 / 0.75;
      }
      array.muli(Nd4j.createFromArray(mask).castTo(array.dataType()).reshape('c', array.shape()));
    }

    @Override
    public void backward(INDArray gradient) {
      forward(gradient);
    }
  }

  /** One block's inputs, parameters and results in a type. */
  private static final class Trial {
    private final BlockShape shape;
    private final DataType type;
    private final PlainMemory forwardMemory;
    private final PlainMemory backwardMemory;
    private final BlockWeights weights;
    private final BlockWeights gradients;
    private final INDArray gradientVector;
    private final INDArray x;
    private final INDArray y;
    private final INDArray yGradient;
    private final INDArray xGradient;

    Trial(BlockShape shape, DataType type) {
      this.shape = shape;
      this.type = type;
      forwardMemory = new PlainMemory(type);
      backwardMemory = new PlainMemory(type);
      int d = shape.width();
      int length = 12 * d * d + 13 * d;
      // As DL4J has it: views into one vector, here not from its start.
      INDArray vector = random(1, 0.2, length + 3);
      gradientVector = Nd4j.createUninitialized(type, length + 3).assign(Double.NaN);
      weights = weights(vector);
      weights.g1().addi(1);
      weights.g2().addi(1);
      gradients = weights(gradientVector);
      x = random(2, 1, shape.examples(), shape.time(), d);
      y = Nd4j.createUninitialized(type, x.shape(), 'c');
      yGradient = random(3, 1, x.shape());
      xGradient = Nd4j.createUninitialized(type, x.shape(), 'c');
    }

    private INDArray random(long seed, double size, long... shape) {
      Random random = new Random(seed);
      INDArray array = Nd4j.createUninitialized(DataType.FLOAT, shape, 'c');
      float[] numbers = new float[Math.toIntExact(array.length())];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = (float) (size * random.nextGaussian());
      }
      return Nd4j.createFromArray(numbers).reshape('c', shape).castTo(type);
    }

    private BlockWeights weights(INDArray vector) {
      long d = shape.width();
      long[][] shapes = {
        {d}, {d}, {d, 3 * d}, {3 * d}, {d, d}, {d}, {d}, {d}, {d, 4 * d}, {4 * d}, {4 * d, d}, {d}
      };
      List<INDArray> parts = new ArrayList<>();
      long at = 3;
      for (long[] part : shapes) {
        long end = at + (part.length == 1 ? part[0] : part[0] * part[1]);
        parts.add(vector.get(NDArrayIndex.interval(at, end)).reshape('c', part));
        at = end;
      }
      return new BlockWeights(
          parts.get(0),
          parts.get(1),
          parts.get(2),
          parts.get(3),
          parts.get(4),
          parts.get(5),
          parts.get(6),
          parts.get(7),
          parts.get(8),
          parts.get(9),
          parts.get(10),
          parts.get(11));
    }

    void run(BlockMath math, BlockDropouts dropouts) {
      forwardMemory.reuse();
      backwardMemory.reuse();
      BlockMath.Pass pass = math.forward(shape, weights, x, y, dropouts, forwardMemory);
      pass.backward(yGradient, xGradient, gradients, backwardMemory);
    }

    Map<String, INDArray> results() {
      Map<String, INDArray> results = new LinkedHashMap<>();
      results.put("y", y);
      results.put("x gradient", xGradient);
      results.put("g1", gradients.g1());
      results.put("c1", gradients.c1());
      results.put("Wqkv", gradients.wqkv());
      results.put("bqkv", gradients.bqkv());
      results.put("Wo", gradients.wo());
      results.put("bo", gradients.bo());
      results.put("g2", gradients.g2());
      results.put("c2", gradients.c2());
      results.put("Wfc", gradients.wfc());
      results.put("bfc", gradients.bfc());
      results.put("Wproj", gradients.wproj());
      results.put("bproj", gradients.bproj());
      return results;
    }
  }

  private static void assertSame(BlockShape shape, BlockDropouts dropouts) {
    Trial ours = new Trial(shape, DataType.FLOAT);
    Trial reference = new Trial(shape, DataType.DOUBLE);
    ours.run(new CpuPath().block(), dropouts);
    reference.run(new Nd4jPath().block(), dropouts);
    Map<String, INDArray> expected = reference.results();
    ours.results()
        .forEach(
            (name, actual) -> {
              INDArray wanted = expected.get(name);
              double size = wanted.amaxNumber().doubleValue();
              double error =
                  actual.castTo(DataType.DOUBLE).sub(wanted).amaxNumber().doubleValue() / size;
              assertThat(error).as(name).isLessThan(TOLERANCE);
            });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 70, 130})
  void itIsTheBlockOfNd4jOperations(int time) {
    assertSame(new BlockShape(3, time, 24, 4, 96), BlockDropouts.NONE);
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 70})
  void withDropoutsToo(int time) {
    assertSame(
        new BlockShape(3, time, 24, 4, 96),
        new BlockDropouts(new FixedThinning(1), new FixedThinning(2), new FixedThinning(3)));
  }

  @Test
  void eachRunGivesTheSameBits() {
    BlockShape shape = new BlockShape(2, 100, 32, 4, 128);
    Trial first = new Trial(shape, DataType.FLOAT);
    Trial second = new Trial(shape, DataType.FLOAT);
    first.run(new CpuPath().block(), BlockDropouts.NONE);
    for (int i = 0; i < 20; i++) {
      // Enough for the compiler to step in.
      second.yGradient.assign(new Trial(shape, DataType.FLOAT).yGradient);
      second.run(new CpuPath().block(), BlockDropouts.NONE);
    }
    assertThat(second.y).isEqualTo(first.y);
    assertThat(second.xGradient).isEqualTo(first.xGradient);
    assertThat(second.gradientVector.toFloatVector())
        .containsExactly(first.gradientVector.toFloatVector());
  }

  @Test
  void itAllocatesNoArraysOnceItHasRun() {
    Trial trial = new Trial(new BlockShape(2, 64, 64, 4, 256), DataType.FLOAT);
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    BlockMath math = new CpuPath().block();
    trial.run(math, BlockDropouts.NONE);
    trial.run(math, BlockDropouts.NONE);
    long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    trial.run(math, BlockDropouts.NONE);
    long bytes = threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
    // Of one activation there are 32 KiB; what is left is pointers to the arrays.
    assertThat(bytes).isLessThan(64 << 10);
  }
}
