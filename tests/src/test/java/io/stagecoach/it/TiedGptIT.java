package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.model.text.Tokenizer;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.ZipFile;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A GPT whose first and last executor share the embedding's weights comes to the same weights, to
 * the last bit, in two and in three executors, by both exchanges and whoever has the weights, and
 * is saved as DL4J's own model that has them once.
 */
class TiedGptIT {

  private static final int LENGTH = 16;

  /** So wide that the gradients of a block go to the driver in a piece of their own. */
  private static final int WIDTH = 64;

  private static final int BLOCKS = 2;

  @TempDir Path directory;

  @Test
  void theSavedModelIsTheSameWhateverTheCut() throws IOException {
    Workshop workshop = new Workshop(directory);
    String text =
        IntStream.range(0, 60)
            .mapToObj(i -> "the coach left for station " + i + " at dawn; it came back.\n")
            .collect(Collectors.joining());
    workshop.write("text.txt", text);

    Map<String, String> evaluation = settings(workshop, "evaluated");
    evaluation.put("spark.stagecoach.model.from", workshop.path("streamed").toString());
    List<StagecoachProcess.Outcome> outcomes =
        new OneDriver(workshop)
            .succeedInOneSession(
                List.of(
                    training(workshop, "streamed", Map.of()),
                    training(
                        workshop,
                        "shuffled",
                        Map.of(
                            "spark.stagecoach.stages",
                            "3",
                            "spark.stagecoach.exchange",
                            "shuffle",
                            "spark.stagecoach.schedule",
                            "gpipe")),
                    training(
                        workshop,
                        "kept",
                        Map.of(
                            "spark.stagecoach.stages",
                            "3",
                            "spark.stagecoach.exchange",
                            "shuffle",
                            "spark.stagecoach.synchronizer",
                            "executor")),
                    training(
                        workshop,
                        "three",
                        Map.of(
                            "spark.stagecoach.stages", "3",
                            "spark.stagecoach.recompute", "stage",
                            "spark.stagecoach.synchronizer", "executor")),
                    new OneDriver.Command("evaluate", evaluation)));

    File saved = model(workshop, "streamed");
    MultiLayerNetwork network = ModelSerializer.restoreMultiLayerNetwork(saved);
    for (String other : new String[] {"shuffled", "kept", "three"}) {
      MultiLayerNetwork same = ModelSerializer.restoreMultiLayerNetwork(model(workshop, other));
      assertThat(same.params().toDoubleVector())
          .as(other)
          .containsExactly(network.params().toDoubleVector());
      assertThat(same.getUpdater().getStateViewArray().toDoubleVector())
          .as(other)
          .containsExactly(network.getUpdater().getStateViewArray().toDoubleVector());
    }
    Tokenizer tokenizer =
        Tokenizer.fromJson(
            (String) ModelSerializer.getObjectFromFile(saved, "stagecoach.vocabulary"));
    long expected = parametersOnce(tokenizer.size());
    assertThat(network.numParams()).isEqualTo(expected);
    assertThat(entry(saved, "coefficients.bin").length()).isEqualTo(expected);
    // Adam's two moments.
    assertThat(entry(saved, "updaterState.bin").length()).isEqualTo(2 * expected);

    // As the pipeline computes it over the whole text.
    double measured =
        outcomes.get(outcomes.size() - 1).lastLine().get("validation_loss").asDouble();
    assertThat(loss(network, tokenizer.encode(text))).isCloseTo(measured, within(1e-10));
  }

  /**
   * As GPT-2 is defined, by arithmetic: with one matrix for tokens, and no other for the output.
   */
  private static long parametersOnce(int vocabulary) {
    long block = 12L * WIDTH * WIDTH + 13L * WIDTH;
    return (long) vocabulary * WIDTH + (long) LENGTH * WIDTH + BLOCKS * block + 2L * WIDTH;
  }

  private static Map<String, String> settings(Workshop workshop, String name) {
    Map<String, String> settings = new TreeMap<>(workshop.classifierSettings());
    settings.keySet().removeIf(key -> key.contains(".data.") || key.contains(".model."));
    settings.put("spark.master", "local-cluster[3,1,1024]");
    settings.put("spark.stagecoach.data.path", workshop.path("text.txt").toString());
    settings.put("spark.stagecoach.data.format", "text");
    settings.put("spark.stagecoach.data.sequenceLength", String.valueOf(LENGTH));
    settings.put("spark.stagecoach.output.path", workshop.path(name).toString());
    settings.put("spark.stagecoach.epochs", "100");
    settings.put("spark.stagecoach.maxSteps", "4");
    return settings;
  }

  private static OneDriver.Command training(
      Workshop workshop, String name, Map<String, String> difference) {
    Map<String, String> settings = settings(workshop, name);
    String preset = "spark.stagecoach.model.preset";
    settings.put(preset, "gpt-tiny");
    settings.put(preset + ".layers", String.valueOf(BLOCKS));
    settings.put(preset + ".width", String.valueOf(WIDTH));
    settings.put(preset + ".heads", "2");
    settings.put(preset + ".context", String.valueOf(LENGTH));
    settings.put(preset + ".dropout", "0.1");
    settings.put(preset + ".dataType", "double");
    settings.putAll(difference);
    return new OneDriver.Command("train", settings);
  }

  private static File model(Workshop workshop, String name) {
    return workshop.path(name).resolve("model.zip").toFile();
  }

  private static INDArray entry(File zip, String name) throws IOException {
    try (ZipFile file = new ZipFile(zip)) {
      byte[] bytes = file.getInputStream(file.getEntry(name)).readAllBytes();
      return Nd4j.read(new DataInputStream(new ByteArrayInputStream(bytes)));
    }
  }

  /**
   * The loss for each token by plain DL4J: of each whole sequence, how unlikely the next tokens
   * are.
   */
  private static double loss(MultiLayerNetwork network, int[] tokens) {
    int sequences = (tokens.length - 1) / LENGTH;
    int[][] features = new int[sequences][];
    for (int i = 0; i < sequences; i++) {
      features[i] = Arrays.copyOfRange(tokens, i * LENGTH, (i + 1) * LENGTH);
    }
    INDArray probabilities = network.output(Nd4j.createFromArray(features));
    double sum = 0;
    for (int i = 0; i < sequences; i++) {
      for (int t = 0; t < LENGTH; t++) {
        sum -= Math.log(probabilities.getDouble(i, t, tokens[i * LENGTH + t + 1]));
      }
    }
    return sum / (sequences * LENGTH);
  }
}
