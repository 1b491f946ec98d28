package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.deeplearning4j.nn.modelimport.keras.KerasModelImport;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A real HDF5 file on its way into a pipeline. */
class KerasFileTest {

  @TempDir Path directory;

  @Test
  void itsNumbersAreThoseOfTheStages() throws Exception {
    Random random = new Random(4);
    KerasFile.Dense first = dense(random, 5, 7, "tanh");
    KerasFile.Dense second = dense(random, 7, 3, "softmax");
    Path path = directory.resolve("model.h5");
    new KerasFile(List.of(first, second)).write(path);

    MultiLayerNetwork imported =
        KerasModelImport.importKerasSequentialModelAndWeights(path.toString(), true);

    float[] input = {0.3f, -1.2f, 0.5f, 2f, -0.7f};
    double[] expected = softmax(times(second, tanh(times(first, input))));
    INDArray output = imported.output(Nd4j.createFromArray(new float[][] {input}));
    for (int i = 0; i < expected.length; i++) {
      assertThat(output.getDouble(0, i)).isCloseTo(expected[i], within(1e-6));
    }
    Dl4jModel cut = Dl4jModel.parse(imported.getLayerWiseConfigurations().toJson());
    assertThat(cut.nodes()).hasSize(imported.getnLayers());
  }

  private static KerasFile.Dense dense(Random random, int inputs, int units, String activation) {
    INDArray kernel = Nd4j.create(DataType.FLOAT, inputs, units);
    INDArray bias = Nd4j.create(DataType.FLOAT, units);
    for (int unit = 0; unit < units; unit++) {
      bias.putScalar(unit, random.nextGaussian());
      for (int input = 0; input < inputs; input++) {
        kernel.putScalar(input, unit, random.nextGaussian());
      }
    }
    return new KerasFile.Dense(kernel, bias, activation);
  }

  private static float[] times(KerasFile.Dense layer, float[] input) {
    float[] output = layer.bias().toFloatVector();
    for (int unit = 0; unit < output.length; unit++) {
      for (int i = 0; i < input.length; i++) {
        output[unit] += input[i] * layer.kernel().getFloat(i, unit);
      }
    }
    return output;
  }

  private static float[] tanh(float[] values) {
    float[] output = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      output[i] = (float) Math.tanh(values[i]);
    }
    return output;
  }

  private static double[] softmax(float[] values) {
    double[] output = new double[values.length];
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      output[i] = Math.exp(values[i]);
      sum += output[i];
    }
    for (int i = 0; i < values.length; i++) {
      output[i] /= sum;
    }
    return output;
  }
}
