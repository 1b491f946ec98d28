package io.stagecoach.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.gpt.TiedOutput;
import io.stagecoach.model.gpt.TokenEmbedding;
import io.stagecoach.model.gpt.TransformerBlock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.regularization.WeightDecay;

class ModelPresetsTest {

  private static final DataShape TEXT = new DataShape.Text(5);
  private static final DataShape TABLE = new DataShape.Table(6, 3);

  @Test
  void settingsReachTheConfiguration() {
    MultiLayerConfiguration configuration =
        ModelPresets.named("char-lstm")
            .configuration(
                TEXT,
                Map.of(
                    "layers", "3",
                    "width", "7",
                    "learningRate", "0.02",
                    "gradientClip", "1.5",
                    "seed", "9",
                    "dataType", "double"));
    assertThat(configuration.getConfs()).hasSize(5);
    LSTM lstm = (LSTM) configuration.getConf(3).getLayer();
    assertThat(lstm.getNOut()).isEqualTo(7);
    assertThat(((Adam) lstm.getIUpdater()).getLearningRate()).isEqualTo(0.02);
    assertThat(lstm.getGradientNormalization())
        .isEqualTo(GradientNormalization.ClipElementWiseAbsoluteValue);
    assertThat(lstm.getGradientNormalizationThreshold()).isEqualTo(1.5);
    assertThat(configuration.getConf(0).getSeed()).isEqualTo(9);
    assertThat(configuration.getConf(0).getDataType()).isEqualTo(DataType.DOUBLE);
    assertThat(MultiLayerConfiguration.fromJson(configuration.toJson())).isEqualTo(configuration);
  }

  @Test
  void everyDefaultIsAllowed() {
    for (ModelPreset preset : ModelPresets.all()) {
      DataShape shape = preset.name().equals("mlp") ? TABLE : TEXT;
      Map<String, String> defaults =
          preset.settings().stream()
              .collect(Collectors.toMap(PresetSetting::name, PresetSetting::defaultValue));
      assertThat(preset.configuration(shape, defaults))
          .isEqualTo(preset.configuration(shape, Map.of()));
    }
  }

  @Test
  void theGptsHaveTheirPublishedSizes() {
    assertThat(parameters("gpt2-small", 50_257, Map.of())).isEqualTo(124_439_808);
    assertThat(parameters("gpt2-medium", 50_257, Map.of())).isEqualTo(354_823_168);
    Map<String, String> untied = Map.of("tied", "false");
    assertThat(parameters("gpt2-small", 50_257, untied)).isEqualTo(124_439_808 + 50_257 * 768);
  }

  @Test
  void thePageHasTheirDefaults() throws IOException {
    List<String> rows = Files.readAllLines(Path.of("..", "docs", "gpt.md"));
    List<String> columns =
        List.of("layers", "width", "heads", "context", "dropout", "learningRate");
    for (ModelPreset preset : ModelPresets.all()) {
      if (preset.name().startsWith("gpt")) {
        Map<String, String> defaults =
            preset.settings().stream()
                .collect(Collectors.toMap(PresetSetting::name, PresetSetting::defaultValue));
        assertThat(rows)
            .contains(
                "| `"
                    + preset.name()
                    + "` | "
                    + String.join(" | ", columns.stream().map(defaults::get).toList())
                    + " |");
      }
    }
  }

  private static long parameters(String preset, int vocabulary, Map<String, String> settings) {
    MultiLayerConfiguration configuration =
        ModelPresets.named(preset).configuration(new DataShape.Text(vocabulary), settings);
    return configuration.getConfs().stream()
        .mapToLong(conf -> conf.getLayer().initializer().numParams(conf))
        .sum();
  }

  @Test
  void theGptsSettingsReachTheConfiguration() {
    MultiLayerConfiguration configuration =
        ModelPresets.named("gpt-tiny")
            .configuration(
                TEXT,
                Map.of(
                    "layers", "3",
                    "width", "6",
                    "heads", "2",
                    "context", "9",
                    "dropout", "0.2",
                    "learningRate", "0.02",
                    "weightDecay", "0.3",
                    "dataType", "double"));
    assertThat(configuration.getConfs()).hasSize(6);
    assertThat(configuration.getDataType()).isEqualTo(DataType.DOUBLE);
    assertThat(((TokenEmbedding) configuration.getConf(0).getLayer()).getMaxLength()).isEqualTo(9);
    TransformerBlock block = (TransformerBlock) configuration.getConf(3).getLayer();
    assertThat(block.getHeads()).isEqualTo(2);
    assertThat(block.dropouts()).containsOnly(new Dropout(0.8));
    assertThat(((Adam) block.getIUpdater()).getLearningRate()).isEqualTo(0.02);
    assertThat(block.getRegularizationByParam("Wqkv")).containsExactly(new WeightDecay(0.3, true));
    BaseLayer untied =
        (BaseLayer)
            ModelPresets.named("gpt-tiny")
                .configuration(TEXT, Map.of("tied", "false"))
                .getConf(6)
                .getLayer();
    assertThat(untied.getRegularizationByParam("W")).containsExactly(new WeightDecay(0.1, true));
    assertThat(block.getRegularizationByParam("bqkv")).isNullOrEmpty();
    assertThat(block.getRegularizationByParam("g1")).isNullOrEmpty();
    assertThat(configuration.getConf(5).getLayer()).isInstanceOf(TiedOutput.class);
    assertThat(MultiLayerConfiguration.fromJson(configuration.toJson())).isEqualTo(configuration);
  }

  /** GPT-2's start: N(0, 0.02²), less on the way into the residual stream. */
  @Test
  void theGptStartsAsGpt2() {
    MultiLayerNetwork network =
        network(ModelPresets.named("gpt-tiny").configuration(new DataShape.Text(50), Map.of()));
    assertThat(deviation(network, "0_W")).isCloseTo(0.02, within(0.001));
    assertThat(deviation(network, "0_P")).isCloseTo(0.02, within(0.001));
    assertThat(deviation(network, "1_Wqkv")).isCloseTo(0.02, within(0.001));
    assertThat(deviation(network, "2_Wo")).isCloseTo(0.02 / Math.sqrt(8), within(0.0005));
    assertThat(deviation(network, "2_Wproj")).isCloseTo(0.02 / Math.sqrt(8), within(0.0005));
    assertThat(network.getParam("1_g1").eq(1).all()).isTrue();
    assertThat(network.getParam("1_bqkv").eq(0).all()).isTrue();
    INDArray tokens = Nd4j.createFromArray(new int[][] {{3, 1, 4, 1, 5, 9, 2, 6}});
    network.setInput(tokens);
    network.setLabels(Nd4j.createFromArray(new int[][] {{10, 11, 12, 13, 14, 15, 16, 17}}));
    network.computeGradientAndScore();
    double perToken = (network.score() - network.calcRegularizationScore(true)) / 8;
    assertThat(perToken).isCloseTo(Math.log(50), within(0.1));
  }

  private static double deviation(MultiLayerNetwork network, String parameter) {
    return network.getParam(parameter).stdNumber().doubleValue();
  }

  @Test
  void theCharacterModelsGradientsAreRight() {
    MultiLayerNetwork network =
        network(
            ModelPresets.named("char-lstm")
                .configuration(TEXT, Map.of("width", "4", "dataType", "double")));
    INDArray features = Nd4j.createFromArray(new int[] {0, 1, 1, 4, 3, 2, 1, 0}).reshape(2, 1, 4);
    INDArray labels = Nd4j.zeros(DataType.DOUBLE, 2, 5, 4);
    int[][] next = {{1, 1, 4, 2}, {2, 1, 0, 3}};
    for (int example = 0; example < 2; example++) {
      for (int step = 0; step < 4; step++) {
        labels.putScalar(new int[] {example, next[example][step], step}, 1);
      }
    }
    checkGradient(network, features, labels);
  }

  @Test
  void theClassifiersGradientsAreRight() {
    MultiLayerNetwork network =
        network(
            ModelPresets.named("mlp")
                .configuration(TABLE, Map.of("hidden", "5, 4", "dataType", "double")));
    INDArray features = Nd4j.linspace(DataType.DOUBLE, -1, 0.13, 24).reshape(4, 6);
    INDArray labels = Nd4j.eye(3).castTo(DataType.DOUBLE).get(Nd4j.createFromArray(0, 2, 1, 1));
    checkGradient(network, features, labels.reshape(4, 3));
  }

  @Test
  void theClassifierLearnsARule() {
    MultiLayerNetwork network =
        network(
            ModelPresets.named("mlp")
                .configuration(
                    new DataShape.Table(2, 2), Map.of("hidden", "16", "learningRate", "0.05")));
    INDArray features = Nd4j.createFromArray(new float[][] {{0, 0}, {0, 1}, {1, 0}, {1, 1}});
    INDArray labels = Nd4j.createFromArray(new float[][] {{1, 0}, {0, 1}, {0, 1}, {1, 0}});
    for (int i = 0; i < 100; i++) {
      network.fit(features, labels);
    }
    assertThat(network.predict(features)).containsExactly(0, 1, 1, 0);
  }

  @Test
  void unknownNamesListTheKnownOnes() {
    StagecoachException noPreset =
        catchThrowableOfType(StagecoachException.class, () -> ModelPresets.named("gpt"));
    assertThat(noPreset.kind()).isEqualTo(ErrorKind.CONFIGURATION);
    assertThat(noPreset).hasMessageContaining("\"gpt\"").hasMessageContaining("char-lstm, mlp");
    assertRefused("char-lstm", TEXT, Map.of("widht", "3"), "\"widht\"", "layers, width,");
  }

  @Test
  void valuesThatAreNotAllowedAreRefused() {
    assertRefused("char-lstm", TEXT, Map.of("width", "0"), "\"0\"", "a whole number from 1");
    assertRefused("char-lstm", TEXT, Map.of("layers", "two"), "\"two\"", "a whole number from 1");
    assertRefused("char-lstm", TEXT, Map.of("learningRate", "NaN"), "NaN", "a number above 0");
    assertRefused("char-lstm", TEXT, Map.of("gradientClip", "-1"), "-1", "a number from 0");
    assertRefused("char-lstm", TEXT, Map.of("dataType", "half"), "half", "float or double");
    assertRefused("gpt-tiny", TEXT, Map.of("dropout", "1"), "\"1\"", "from 0 to below 1");
    assertRefused("gpt-tiny", TEXT, Map.of("tied", "yes"), "yes", "true or false");
    assertRefused("gpt-tiny", TEXT, Map.of("heads", "3"), "3 heads", "a multiple of the heads");
    assertRefused("mlp", TABLE, Map.of("hidden", "8,,8"), "8,,8", "separated by commas");
    assertRefused("mlp", TABLE, Map.of("hidden", "8,0"), "8,0", "separated by commas");
  }

  @Test
  void aPresetForOtherDataIsRefused() {
    assertRefused("char-lstm", TABLE, Map.of(), "text", "another model");
    assertRefused("gpt-tiny", TABLE, Map.of(), "text", "another model");
    assertRefused("mlp", TEXT, Map.of(), "table", "another model");
  }

  private static void assertRefused(
      String preset, DataShape shape, Map<String, String> settings, String what, String remedy) {
    StagecoachException refusal =
        catchThrowableOfType(
            StagecoachException.class,
            () -> ModelPresets.named(preset).configuration(shape, settings));
    assertThat(refusal.kind()).isEqualTo(ErrorKind.CONFIGURATION);
    assertThat(refusal.what()).contains(what);
    assertThat(refusal.remedy()).contains(remedy);
  }

  private static MultiLayerNetwork network(MultiLayerConfiguration configuration) {
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    network.init();
    return network;
  }

  /** Central differences of the loss against the gradients that DL4J gives. */
  private static void checkGradient(MultiLayerNetwork network, INDArray features, INDArray labels) {
    network.setInput(features);
    network.setLabels(labels);
    network.computeGradientAndScore();
    Gradient gradient = network.gradient();
    // DL4J divides by the number of examples in the updater only.
    INDArray analytic = gradient.gradient().div(features.size(0));
    INDArray parameters = network.params();
    DataSet data = new DataSet(features, labels);
    double step = 1e-6;
    for (long i = 0; i < parameters.length(); i++) {
      double value = parameters.getDouble(i);
      parameters.putScalar(i, value + step);
      double above = network.score(data, true);
      parameters.putScalar(i, value - step);
      double below = network.score(data, true);
      parameters.putScalar(i, value);
      assertThat(analytic.getDouble(i))
          .as("parameter %d", i)
          .isCloseTo((above - below) / (2 * step), within(1e-7));
    }
  }
}
