package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.stagecoach.model.optimizer.LearningRateDecay;
import io.stagecoach.model.optimizer.WarmupSchedule;
import io.stagecoach.model.text.Tokenizer;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.learning.config.Adam;

/** Texts of several files and of a column, as byte pairs, in two executors. */
class TextIT {

  private static final int LENGTH = 20;

  @TempDir Path directory;
  private Workshop workshop;

  @BeforeEach
  void prepare() {
    workshop = new Workshop(directory);
  }

  private static List<String> journeys(int from, int end) {
    return IntStream.range(from, end)
        .mapToObj(i -> "the coach left for station " + i + " at dawn; it came back, été or not.")
        .toList();
  }

  private Map<String, String> settings() {
    Map<String, String> settings = new TreeMap<>(workshop.classifierSettings());
    settings.keySet().removeIf(key -> key.contains(".data.") || key.contains(".model."));
    settings.put("spark.stagecoach.data.sequenceLength", String.valueOf(LENGTH));
    settings.put("spark.stagecoach.data.tokenizer", "bpe");
    settings.put("spark.stagecoach.data.vocabulary", "300");
    settings.put("spark.stagecoach.model.preset", "char-lstm");
    settings.put("spark.stagecoach.model.preset.width", "16");
    settings.put("spark.stagecoach.sample.length", "30");
    settings.put("spark.stagecoach.sample.start", "the coach");
    settings.put("spark.stagecoach.epochs", "100");
    settings.put("spark.stagecoach.maxSteps", "6");
    return settings;
  }

  private Tokenizer savedTokenizer() throws IOException {
    File file = workshop.path("out").resolve("model.zip").toFile();
    return Tokenizer.fromJson(
        (String) ModelSerializer.getObjectFromFile(file, "stagecoach.vocabulary"));
  }

  @Test
  void aDirectoryOfFilesIsTrainedOnAndEvaluated() throws IOException {
    Files.createDirectories(workshop.path("texts"));
    String first = String.join("\n", journeys(0, 150));
    String second = String.join("\n", journeys(150, 200));
    workshop.write("texts/a.txt", first);
    workshop.write("texts/b.txt", second);
    Map<String, String> settings = settings();
    settings.put("spark.stagecoach.data.path", workshop.path("texts").toString());
    settings.put("spark.stagecoach.data.format", "text");
    settings.put("spark.stagecoach.learningRate", "0.01");
    settings.put("spark.stagecoach.learningRate.warmupSteps", "2");
    settings.put("spark.stagecoach.learningRate.decay", "cosine");
    settings.put("spark.stagecoach.weightDecay", "0.1");

    Map<String, String> evaluation = new TreeMap<>(settings);
    evaluation.keySet().removeIf(key -> key.contains(".preset"));
    evaluation.put("spark.stagecoach.model.from", workshop.path("out").toString());
    List<StagecoachProcess.Outcome> outcomes =
        new OneDriver(workshop)
            .inOneSession(
                List.of(
                    new OneDriver.Command("train", settings),
                    new OneDriver.Command("evaluate", evaluation)));
    StagecoachProcess.Outcome trained = outcomes.get(0);
    StagecoachProcess.Outcome evaluated = outcomes.get(1);

    assertThat(trained.exitCode()).as(trained.toString()).isZero();
    assertThat(trained.err()).containsPattern("validation .* loss .* perplexity .* bits per byte ");
    assertThat(trained.out())
        .containsPattern("(?m)^validation   loss .*, perplexity .*, bits per byte ")
        .containsPattern("A sample of what the model writes:\\R+the coach");
    JsonNode line = trained.lastLine();
    assertThat(line.get("perplexity").asDouble())
        .isCloseTo(Math.exp(line.get("validation_loss").asDouble()), within(1e-9));
    assertThat(line.get("bits_per_byte").asDouble()).isBetween(0.5, 8.0);
    Tokenizer tokenizer = savedTokenizer();
    assertThat(tokenizer.size()).isEqualTo(300);
    MultiLayerNetwork network = workshop.network("out");
    BaseLayer output = (BaseLayer) network.getOutputLayer().conf().getLayer();
    assertThat(((FeedForwardLayer) output).getNOut()).isEqualTo(300);
    assertThat(((Adam) output.getIUpdater()).getLearningRateSchedule())
        .isEqualTo(new WarmupSchedule(0.01, 0, 2, LearningRateDecay.COSINE, 6, 0));
    assertThat(output.getRegularization()).hasSize(1);

    assertThat(evaluated.exitCode()).as(evaluated.toString()).isZero();
    int[] end = {256};
    int[] tokens =
        Stream.of(tokenizer.encode(first), end, tokenizer.encode(second), end)
            .flatMapToInt(Arrays::stream)
            .toArray();
    int labels = (tokens.length - 1) / LENGTH * LENGTH;
    int bytes = Arrays.stream(tokens, 1, labels + 1).map(tokenizer::bytes).sum();
    JsonNode measured = evaluated.lastLine();
    assertThat(measured.get("bits_per_byte").asDouble())
        .isCloseTo(
            measured.get("validation_loss").asDouble() * labels / bytes / Math.log(2),
            within(1e-9));
    assertThat(evaluated.out()).contains("bits per byte").contains("perplexity");
  }

  @Test
  void aColumnOfATableIsTrainedOn() throws IOException {
    Path table = workshop.path("table");
    LocalTables.write(table, "journey", journeys(0, 200));
    Map<String, String> settings = settings();
    settings.put("spark.stagecoach.data.path", table.toString());
    settings.put("spark.stagecoach.data.text", "journey");

    StagecoachProcess.Outcome trained = workshop.run("train", settings);

    assertThat(trained.exitCode()).as(trained.toString()).isZero();
    assertThat(trained.lastLine().get("steps").asInt()).isEqualTo(6);
    assertThat(trained.lastLine().get("bits_per_byte").asDouble()).isBetween(0.5, 8.0);
    Tokenizer tokenizer = savedTokenizer();
    int tokens =
        journeys(0, 200).stream().mapToInt(text -> tokenizer.encode(text).length + 1).sum();
    assertThat(trained.err())
        .contains(
            String.format(
                Locale.ROOT,
                "of %,d tokens, %d left over at the end",
                tokens,
                (tokens - 1) % LENGTH));
  }
}
