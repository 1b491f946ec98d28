package io.stagecoach.model;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.gpt.LayerNorm;
import io.stagecoach.model.gpt.TiedOutput;
import io.stagecoach.model.gpt.TokenEmbedding;
import io.stagecoach.model.gpt.TokenOutput;
import io.stagecoach.model.gpt.TransformerBlock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.regularization.WeightDecay;

/**
 * A next-token model in the form of GPT-2 (Radford and others 2019): token and position embedding,
 * pre-norm transformer blocks, a norm, an output whose weights are the embedding's. AdamW as there:
 * weight decay for matrices, none for gains and biases; β = 0.9 and 0.95.
 *
 * <p>Features and labels are token indices, [examples, time].
 */
final class GptPreset implements ModelPreset {

  private static final String LAYERS = "layers";
  private static final String WIDTH = "width";
  private static final String HEADS = "heads";
  private static final String CONTEXT = "context";
  private static final String DROPOUT = "dropout";
  private static final String TIED = "tied";
  private static final String LEARNING_RATE = "learningRate";
  private static final String WEIGHT_DECAY = "weightDecay";
  private static final String SEED = "seed";
  private static final String DATA_TYPE = "dataType";

  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.95;

  private final String name;
  private final Size size;

  /** The defaults in which the presets differ. */
  record Size(int layers, int width, int heads, int context, String dropout, String learningRate) {}

  GptPreset(String name, Size size) {
    this.name = name;
    this.size = size;
  }

  /** All sizes, the smallest first. */
  static List<ModelPreset> all() {
    return List.of(
        new GptPreset("gpt-tiny", new Size(4, 128, 4, 64, "0", "0.001")),
        new GptPreset("gpt-mini", new Size(6, 192, 6, 128, "0.1", "0.001")),
        new GptPreset("gpt2-small", new Size(12, 768, 12, 1024, "0.1", "0.0006")),
        new GptPreset("gpt2-medium", new Size(24, 1024, 16, 1024, "0.1", "0.0003")));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return "Predicts the next token of a text: a GPT of "
        + size.layers()
        + " blocks of width "
        + size.width()
        + ".";
  }

  @Override
  public List<PresetSetting> settings() {
    return List.of(
        new PresetSetting(
            LAYERS, "" + size.layers(), "a whole number from 1", "How many transformer blocks."),
        new PresetSetting(
            WIDTH,
            "" + size.width(),
            "a whole number from 1, a multiple of the heads",
            "Numbers at each position."),
        new PresetSetting(
            HEADS, "" + size.heads(), "a whole number from 1", "Attention heads of each block."),
        new PresetSetting(
            CONTEXT,
            "" + size.context(),
            "a whole number from 1",
            "The longest sequence, in tokens; that of the data must not be longer."),
        new PresetSetting(
            DROPOUT,
            size.dropout(),
            "a number from 0 to below 1",
            "Probability of dropping embeddings, attention and what blocks add."),
        new PresetSetting(
            TIED,
            "true",
            "true or false",
            "Whether the output's weights are those of the token embedding."),
        new PresetSetting(
            LEARNING_RATE, size.learningRate(), "a number above 0", "AdamW's learning rate."),
        new PresetSetting(
            WEIGHT_DECAY,
            "0.1",
            "a number from 0",
            "AdamW's weight decay; gains and biases have none."),
        new PresetSetting(SEED, "42", "a whole number", "Seed of the initial weights."),
        new PresetSetting(DATA_TYPE, "float", "float or double", "Type of the weights."));
  }

  @Override
  public MultiLayerConfiguration configuration(DataShape shape, Map<String, String> settings) {
    PresetValues values = new PresetValues(this, settings);
    if (!(shape instanceof DataShape.Text text)) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "the model preset \"" + name + "\" learns text, and the data is a table",
          "Give a text file, or another model.");
    }
    int width = values.integer(WIDTH, 1);
    int heads = values.integer(HEADS, 1);
    if (width % heads != 0) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "the model preset \"" + name + "\" has a width of " + width + " and " + heads + " heads",
          "Choose a width that is a multiple of the heads.");
    }
    double dropout = values.fraction(DROPOUT);
    NeuralNetConfiguration.Builder common =
        new NeuralNetConfiguration.Builder()
            .seed(values.wide(SEED))
            .dataType(values.dataType(DATA_TYPE))
            .updater(
                new Adam(values.positive(LEARNING_RATE), BETA1, BETA2, Adam.DEFAULT_ADAM_EPSILON));
    // For each layer: DL4J 1.0.0-M2.1 counts a weight decay twice that is set for the network.
    double decay = values.notNegative(WEIGHT_DECAY);
    int blocks = values.integer(LAYERS, 1);
    NeuralNetConfiguration.ListBuilder layers = common.list();
    layers.layer(
        new TokenEmbedding.Builder(text.vocabulary(), values.integer(CONTEXT, 1), width)
            .dropout(dropout)
            .weightDecay(decay)
            .build());
    for (int i = 0; i < blocks; i++) {
      layers.layer(
          new TransformerBlock.Builder(width, heads)
              .name("block" + i)
              .residualScale(1 / Math.sqrt(2.0 * blocks))
              .dropout(dropout)
              .weightDecay(decay)
              .build());
    }
    layers.layer(new LayerNorm.Builder(width).name("norm").build());
    layers.layer(output(values.flag(TIED), width, text.vocabulary(), decay));
    return layers.build();
  }

  private static TokenOutput output(boolean tied, int width, int vocabulary, double decay) {
    if (tied) {
      return new TiedOutput(width, vocabulary, TokenEmbedding.NAME);
    }
    TokenOutput output = new TokenOutput(width, vocabulary);
    if (decay > 0) {
      output.setRegularization(new ArrayList<>(List.of(new WeightDecay(decay, true))));
    }
    return output;
  }
}
