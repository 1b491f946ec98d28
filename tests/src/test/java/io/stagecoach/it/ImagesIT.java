package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.engine.dl4j.Graphs;
import io.stagecoach.engine.dl4j.Networks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.preprocessor.DataNormalization;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** A column of pixels and a network built for images, with nothing said of their shape. */
class ImagesIT {

  private static final int ROWS = 200;
  private static final int HEIGHT = 8;
  private static final int WIDTH = 6;

  @TempDir Path directory;

  private final double[][] pixels = new double[ROWS][HEIGHT * WIDTH];
  private final int[] kinds = new int[ROWS];

  /** The pooling leaves other sizes possible, but for the count of pixels. */
  private static String network() {
    return Networks.base()
        .list()
        .layer(new ConvolutionLayer.Builder(3, 3).nOut(6).build())
        .layer(
            new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
                .kernelSize(2, 2)
                .stride(2, 2)
                .build())
        .layer(new DenseLayer.Builder().nOut(8).build())
        .layer(
            new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(3)
                .build())
        .setInputType(InputType.convolutional(HEIGHT, WIDTH, 1))
        .build()
        .toJson();
  }

  /** Rows of JSON with an array of pixels; the columns that are bright are the class. */
  private String table() {
    Random random = new Random(5);
    StringBuilder text = new StringBuilder();
    for (int row = 0; row < ROWS; row++) {
      kinds[row] = random.nextInt(3);
      for (int i = 0; i < HEIGHT * WIDTH; i++) {
        pixels[row][i] = 100 + random.nextGaussian() + (i % WIDTH / 2 == kinds[row] ? 2 : 0);
      }
      text.append("{\"pixels\": ").append(Arrays.toString(pixels[row]));
      text.append(", \"kind\": ").append(kinds[row]).append("}\n");
    }
    return text.toString();
  }

  private static Map<String, String> settings(Workshop workshop) {
    Map<String, String> settings = workshop.classifierSettings();
    settings.put("spark.stagecoach.data.path", workshop.path("table.json").toString());
    settings.put("spark.stagecoach.data.format", "json");
    settings.put("spark.stagecoach.data.features", "pixels");
    settings.put("spark.stagecoach.data.label", "kind");
    return settings;
  }

  /** The job's accuracy is that of plain DL4J with the saved network and its normalizer. */
  @Test
  void trainOnAColumnOfPixels() throws IOException {
    Workshop workshop = new Workshop(directory);
    workshop.write("table.json", table());
    workshop.write("model.json", network());
    Map<String, String> settings = settings(workshop);
    settings.put("spark.stagecoach.data.normalize", "standard");
    settings.put("spark.stagecoach.epochs", "10");
    StagecoachProcess.Outcome evaluated = workshop.trainAndEvaluate(settings);

    double accuracy = accuracy(workshop.path("out").resolve("model.zip"));
    assertThat(accuracy).isGreaterThan(0.8);
    assertThat(evaluated.out())
        .containsPattern(String.format(Locale.ROOT, "accuracy +%.4f", accuracy));
  }

  private double accuracy(Path model) throws IOException {
    MultiLayerNetwork network = ModelSerializer.restoreMultiLayerNetwork(model.toFile());
    DataNormalization normalizer = ModelSerializer.restoreNormalizerFromFile(model.toFile());
    INDArray images = Nd4j.create(pixels).reshape(ROWS, 1, HEIGHT, WIDTH);
    normalizer.transform(images);
    int[] predicted = network.predict(images);
    int right = 0;
    for (int i = 0; i < ROWS; i++) {
      right += predicted[i] == kinds[i] ? 1 : 0;
    }
    return (double) right / ROWS;
  }

  @Test
  void aGraphIsPlanned() {
    Workshop workshop = new Workshop(directory);
    table();
    workshop.write(
        "table.json",
        "{\"pixels\": " + Arrays.toString(Arrays.copyOf(pixels[0], 36)) + ", \"kind\": 0}\n");
    workshop.write("model.json", Graphs.residual());
    Map<String, String> settings = settings(workshop);
    settings.put("spark.stagecoach.data.imageSize", "6,6");
    settings.put("spark.stagecoach.stages", "3");
    settings.put("spark.master", "local[1]");

    StagecoachProcess.Outcome planned = workshop.run("plan", settings);

    assertThat(planned.exitCode()).as(planned.toString()).isZero();
    assertThat(planned.toString()).contains("expected bubble").contains("stem").contains("classes");
  }
}
