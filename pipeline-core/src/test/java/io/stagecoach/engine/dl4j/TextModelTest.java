package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.DataShape;
import io.stagecoach.model.ModelPresets;
import io.stagecoach.model.text.GeneratedText;
import io.stagecoach.model.text.GeneratedText.Finish;
import io.stagecoach.model.text.GenerationSettings;
import io.stagecoach.model.text.Sampling;
import io.stagecoach.model.text.TextListener;
import io.stagecoach.model.text.Vocabulary;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A saved model goes on with texts as plain DL4J would, asked for the whole text each time. */
class TextModelTest {

  private static final Vocabulary LETTERS = Vocabulary.of("the coach goes on; ");
  private static final List<String> PROMPTS = List.of("the coach", "on", "goes on; the");
  private static final int CONTEXT = 20;

  @TempDir Path directory;

  private static Dl4jModelUpdater model(String preset) {
    Map<String, String> settings =
        preset.equals("char-lstm")
            ? Map.of("width", "8", "layers", "2", "dataType", "double")
            : Map.of(
                "width",
                "8",
                "layers",
                "2",
                "heads",
                "2",
                "context",
                String.valueOf(CONTEXT),
                "dataType",
                "double");
    return Dl4jModelUpdater.create(
        ModelPresets.named(preset)
            .configuration(new DataShape.Text(LETTERS.size()), settings)
            .toJson());
  }

  private static GenerationSettings mostProbable(int length) {
    return GenerationSettings.of(length, Sampling.at(0, 1));
  }

  /** By plain DL4J, without any memory from token to token. */
  private static String expected(MultiLayerNetwork network, String prompt, int length) {
    boolean timeLast = !network.getLayerWiseConfigurations().toJson().contains("TokenEmbedding");
    int[] tokens = LETTERS.encode(prompt);
    for (int i = 0; i < length; i++) {
      INDArray output = network.output(Nd4j.createFromArray(new int[][] {tokens}));
      int best = 0;
      double most = -1;
      for (int token = 0; token < LETTERS.size(); token++) {
        double probability =
            timeLast
                ? output.getDouble(0, token, tokens.length - 1)
                : output.getDouble(0, tokens.length - 1, token);
        best = probability > most ? token : best;
        most = Math.max(most, probability);
      }
      tokens = Arrays.copyOf(tokens, tokens.length + 1);
      tokens[tokens.length - 1] = best;
    }
    return LETTERS.decode(tokens).substring(prompt.length());
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt-tiny", "char-lstm"})
  void goesOnAsTheWholeNetworkPredicts(String preset) {
    Path file = directory.resolve("model.zip");
    try (Dl4jModelUpdater updater = model(preset)) {
      Dl4jModelFile.save(
          file, updater, Optional.empty(), Map.of(TextModel.TOKENIZER, LETTERS.toJson()));
      try (TextModel saved = TextModel.open(file)) {
        assertThat(saved.tokenizer()).isEqualTo(LETTERS);
        List<GeneratedText> texts = saved.generate(PROMPTS, mostProbable(8), TextListener.none());
        for (int i = 0; i < PROMPTS.size(); i++) {
          String follows = expected((MultiLayerNetwork) updater.network(), PROMPTS.get(i), 8);
          assertThat(texts.get(i))
              .isEqualTo(new GeneratedText(PROMPTS.get(i), follows, 8, Finish.LENGTH));
          assertThat(saved.generate(PROMPTS.get(i), mostProbable(8)))
              .isEqualTo(PROMPTS.get(i) + follows);
        }
      }
    }
  }

  /** Twice and more, by plain DL4J, which is given the window's tokens each time. */
  @Test
  void goesOnPastItsContextFromTheNewestHalf() {
    int length = 2 * CONTEXT + 5;
    try (Dl4jModelUpdater updater = model("gpt-tiny");
        TextModel model = new TextModel(updater, LETTERS)) {
      List<GeneratedText> texts =
          model.generate(PROMPTS, mostProbable(length), TextListener.none());
      for (GeneratedText text : texts) {
        String whole = text.prompt();
        String window = text.prompt();
        for (int i = 0; i < length; i++) {
          if (window.length() > CONTEXT) {
            window = whole.substring(whole.length() - CONTEXT / 2);
          }
          String next = expected((MultiLayerNetwork) updater.network(), window, 1);
          window += next;
          whole += next;
        }
        assertThat(text.whole()).isEqualTo(whole);
        assertThat(text.tokens()).isEqualTo(length);
        assertThat(text.finish()).isEqualTo(Finish.LENGTH);
      }
    }
  }

  @Test
  void aModelOfNoTextsIsRefused() {
    Path file = directory.resolve("model.zip");
    try (Dl4jModelUpdater updater = model("char-lstm")) {
      Dl4jModelFile.save(file, updater, Optional.empty(), Map.of());
    }
    assertThatThrownBy(() -> TextModel.open(file))
        .isInstanceOfSatisfying(
            StagecoachException.class,
            e -> {
              assertThat(e.kind()).isEqualTo(ErrorKind.MODEL);
              assertThat(e.what()).contains("tokenizer");
            });
  }
}
