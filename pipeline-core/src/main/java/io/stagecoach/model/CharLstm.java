package io.stagecoach.model;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/**
 * A next-character model: an embedding, LSTM layers of one width, a softmax over the vocabulary at
 * every time step.
 *
 * <p>Features are character indices of shape [examples, time steps] or [examples, 1, time steps],
 * of an integer type or as floats; labels are one-hot, [examples, vocabulary, time steps]. The
 * embedding is as wide as the LSTM layers, so that these cost the same and an even cut exists.
 */
final class CharLstm implements ModelPreset {

  private static final String LAYERS = "layers";
  private static final String WIDTH = "width";
  private static final String LEARNING_RATE = "learningRate";
  private static final String GRADIENT_CLIP = "gradientClip";
  private static final String SEED = "seed";
  private static final String DATA_TYPE = "dataType";

  @Override
  public String name() {
    return "char-lstm";
  }

  @Override
  public String description() {
    return "Predicts the next character of a text: an embedding, LSTM layers, a softmax.";
  }

  @Override
  public List<PresetSetting> settings() {
    return List.of(
        new PresetSetting(LAYERS, "2", "a whole number from 1", "How many LSTM layers."),
        new PresetSetting(WIDTH, "128", "a whole number from 1", "Units of each LSTM layer."),
        new PresetSetting(LEARNING_RATE, "0.005", "a number above 0", "Adam's learning rate."),
        new PresetSetting(
            GRADIENT_CLIP,
            "5",
            "a number from 0; 0 clips nothing",
            "Bound on the absolute value of each element of the gradient."),
        new PresetSetting(SEED, "42", "a whole number", "Seed of the initial weights."),
        new PresetSetting(DATA_TYPE, "float", "float or double", "Type of the weights."));
  }

  @Override
  public MultiLayerConfiguration configuration(DataShape shape, Map<String, String> settings) {
    PresetValues values = new PresetValues(this, settings);
    if (!(shape instanceof DataShape.Text text)) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "the model preset \"" + name() + "\" learns text, and the data is a table",
          "Give a text file, or another model.");
    }
    int width = values.integer(WIDTH, 1);
    NeuralNetConfiguration.Builder common =
        new NeuralNetConfiguration.Builder()
            .seed(values.wide(SEED))
            .dataType(values.dataType(DATA_TYPE))
            .updater(new Adam(values.positive(LEARNING_RATE)))
            .weightInit(WeightInit.XAVIER);
    double clip = values.notNegative(GRADIENT_CLIP);
    if (clip > 0) {
      common
          .gradientNormalization(GradientNormalization.ClipElementWiseAbsoluteValue)
          .gradientNormalizationThreshold(clip);
    }
    NeuralNetConfiguration.ListBuilder layers = common.list();
    layers.layer(
        new EmbeddingSequenceLayer.Builder()
            .name("embedding")
            .nIn(text.vocabulary())
            .nOut(width)
            .inferInputLength(true)
            .build());
    for (int i = 0; i < values.integer(LAYERS, 1); i++) {
      layers.layer(
          new LSTM.Builder()
              .name("lstm" + i)
              .nIn(width)
              .nOut(width)
              .activation(Activation.TANH)
              .build());
    }
    layers.layer(
        new RnnOutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
            .name("output")
            .nIn(width)
            .nOut(text.vocabulary())
            // Without an input type DL4J leaves the format null, and then mistakes it for NWC.
            .dataFormat(RNNFormat.NCW)
            .activation(Activation.SOFTMAX)
            .build());
    return layers.build();
  }
}
