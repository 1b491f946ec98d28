package io.stagecoach.model;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/**
 * A classifier of table rows: dense layers with rectifiers, and a softmax over the classes.
 *
 * <p>Features have shape [examples, features] and want normalizing; labels are one-hot, [examples,
 * classes].
 */
final class Mlp implements ModelPreset {

  private static final String HIDDEN = "hidden";
  private static final String LEARNING_RATE = "learningRate";
  private static final String L2 = "l2";
  private static final String SEED = "seed";
  private static final String DATA_TYPE = "dataType";

  @Override
  public String name() {
    return "mlp";
  }

  @Override
  public String description() {
    return "Classifies the rows of a table: dense layers with rectifiers, a softmax.";
  }

  @Override
  public List<PresetSetting> settings() {
    return List.of(
        new PresetSetting(
            HIDDEN,
            "256,256,256",
            "whole numbers from 1, separated by commas",
            "Units of each hidden layer."),
        new PresetSetting(LEARNING_RATE, "0.001", "a number above 0", "Adam's learning rate."),
        new PresetSetting(L2, "0", "a number from 0", "Weight of the L2 penalty."),
        new PresetSetting(SEED, "42", "a whole number", "Seed of the initial weights."),
        new PresetSetting(DATA_TYPE, "float", "float or double", "Type of the weights."));
  }

  @Override
  public MultiLayerConfiguration configuration(DataShape shape, Map<String, String> settings) {
    PresetValues values = new PresetValues(this, settings);
    if (!(shape instanceof DataShape.Table table)) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "the model preset \"" + name() + "\" learns from a table, and the data is text",
          "Give a table with features and a label, or another model.");
    }
    NeuralNetConfiguration.Builder common =
        new NeuralNetConfiguration.Builder()
            .seed(values.wide(SEED))
            .dataType(values.dataType(DATA_TYPE))
            .updater(new Adam(values.positive(LEARNING_RATE)))
            .weightInit(WeightInit.RELU);
    double l2 = values.notNegative(L2);
    if (l2 > 0) {
      common.l2(l2);
    }
    NeuralNetConfiguration.ListBuilder layers = common.list();
    int width = table.features();
    int index = 0;
    for (int units : values.sizes(HIDDEN)) {
      layers.layer(
          new DenseLayer.Builder()
              .name("hidden" + index++)
              .nIn(width)
              .nOut(units)
              .activation(Activation.RELU)
              .build());
      width = units;
    }
    layers.layer(
        new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
            .name("output")
            .nIn(width)
            .nOut(table.classes())
            .activation(Activation.SOFTMAX)
            .weightInit(WeightInit.XAVIER)
            .build());
    return layers.build();
  }
}
