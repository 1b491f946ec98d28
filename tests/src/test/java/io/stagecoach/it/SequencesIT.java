package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.engine.dl4j.Networks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.preprocessor.DataNormalization;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Sequences of different lengths in a table's arrays, a class for each of their steps. */
class SequencesIT {

  private static final int ROWS = 150;
  private static final int LONGEST = 7;

  @TempDir Path directory;

  private final double[][] values = new double[ROWS][];
  private final int[][] classes = new int[ROWS][];

  private static String network() {
    return Networks.base()
        .list()
        .layer(new LSTM.Builder().nOut(8).build())
        .layer(
            new RnnOutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(2)
                .build())
        .setInputType(InputType.recurrent(1))
        .build()
        .toJson();
  }

  /** The class of a step is whether the sum of all steps so far is above what is the mean of it. */
  private String table() {
    Random random = new Random(5);
    StringBuilder text = new StringBuilder();
    for (int row = 0; row < ROWS; row++) {
      int steps = 1 + row % LONGEST;
      values[row] = new double[steps];
      classes[row] = new int[steps];
      double sum = 0;
      for (int step = 0; step < steps; step++) {
        double value = random.nextGaussian();
        sum += value;
        values[row][step] = 100 + value;
        classes[row][step] = sum > 0 ? 1 : 0;
      }
      text.append("{\"signal\": ").append(Arrays.toString(values[row]));
      text.append(", \"above\": ").append(Arrays.toString(classes[row])).append("}\n");
    }
    return text.toString();
  }

  /** The job's accuracy is that of plain DL4J, one sequence after the other, without any mask. */
  @Test
  void stepsThatAreNotThereNeitherTeachNorCount() throws IOException {
    Workshop workshop = new Workshop(directory);
    workshop.write("table.json", table());
    workshop.write("model.json", network());
    Map<String, String> settings = workshop.classifierSettings();
    settings.put("spark.master", "local[1]");
    settings.put("spark.stagecoach.stages", "1");
    settings.put("spark.stagecoach.data.path", workshop.path("table.json").toString());
    settings.put("spark.stagecoach.data.format", "json");
    settings.put("spark.stagecoach.data.features", "signal");
    settings.put("spark.stagecoach.data.label", "above");
    settings.put("spark.stagecoach.data.normalize", "standard");
    settings.put("spark.stagecoach.epochs", "8");
    StagecoachProcess.Outcome evaluated = workshop.trainAndEvaluate(settings);

    double accuracy = accuracy(workshop.path("out").resolve("model.zip"));
    assertThat(accuracy).isGreaterThan(0.75);
    assertThat(evaluated.out())
        .containsPattern(String.format(Locale.ROOT, "accuracy +%.4f", accuracy));
  }

  private double accuracy(Path model) throws IOException {
    MultiLayerNetwork network = ModelSerializer.restoreMultiLayerNetwork(model.toFile());
    DataNormalization normalizer = ModelSerializer.restoreNormalizerFromFile(model.toFile());
    int right = 0;
    int all = 0;
    for (int row = 0; row < ROWS; row++) {
      INDArray sequence = Nd4j.create(values[row]).reshape(1, 1, values[row].length);
      normalizer.transform(sequence);
      INDArray output = network.output(sequence);
      for (int step = 0; step < values[row].length; step++) {
        boolean above = output.getDouble(0, 1, step) > output.getDouble(0, 0, step);
        right += above == (classes[row][step] == 1) ? 1 : 0;
        all++;
      }
    }
    return (double) right / all;
  }
}
