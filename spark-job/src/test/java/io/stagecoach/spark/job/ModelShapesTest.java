package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.engine.dl4j.Dl4jModel;
import io.stagecoach.engine.dl4j.FeatureLengths;
import io.stagecoach.model.DataShape;
import io.stagecoach.model.ModelPresets;
import io.stagecoach.spark.data.ModelShape;
import io.stagecoach.spark.data.ModelShape.Output;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class ModelShapesTest {

  /** How long the sequences are is the data's to say. */
  @ParameterizedTest
  @ValueSource(strings = {"char-lstm", "gpt-tiny"})
  void modelsOfTextTakeSequencesOfAnyLength(String preset) {
    String json =
        ModelPresets.named(preset).configuration(new DataShape.Text(61), Map.of()).toJson();
    ModelShape shape = ModelShapes.of(Dl4jModel.parse(json), FeatureLengths.of(1));
    assertThat(shape.input()).containsExactly(1, ModelShape.ANY);
    assertThat(shape.indices()).isTrue();
    assertThat(shape.outputs()).isEqualTo(61);
    assertThat(shape.output()).isEqualTo(Output.CLASSES);
    assertThat(shape.perTimeStep()).isTrue();
    assertThat(shape.dataType()).isEqualTo(DataType.FLOAT);
  }

  private static MultiLayerConfiguration network(Layer first, Layer last, InputType input) {
    return new NeuralNetConfiguration.Builder()
        .list()
        .layer(first)
        .layer(last)
        .setInputType(input)
        .build();
  }

  private static OutputLayer classes() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .activation(Activation.SOFTMAX)
        .nOut(3)
        .build();
  }

  /** Images come in the order in which the network reads them, whatever it leaves unsaid. */
  @ParameterizedTest
  @CsvSource({"NCHW,2,7,6", "NHWC,7,6,2"})
  void networksThatBeginWithAConvolutionTakeImages(CNN2DFormat format, int a, int b, int c) {
    MultiLayerConfiguration network =
        network(
            new ConvolutionLayer.Builder(3, 3).nOut(4).dataFormat(format).build(),
            classes(),
            InputType.convolutional(7, 6, 2, format));
    FeatureLengths numbers =
        new FeatureLengths() {
          @Override
          public int timeSteps() {
            return 1;
          }

          @Override
          public OptionalLong numbers(String input) {
            return OptionalLong.of(84);
          }

          @Override
          public List<Integer> imageSize(String input) {
            return List.of();
          }
        };
    assertThat(ModelShapes.of(Dl4jModel.parse(network.toJson()), numbers).input())
        .containsExactly(a, b, c);
  }

  @Test
  void flatImagesAreVectors() {
    MultiLayerConfiguration network =
        network(
            new ConvolutionLayer.Builder(3, 3).nOut(4).build(),
            classes(),
            InputType.convolutionalFlat(7, 6, 2));
    assertThat(ModelShapes.of(Dl4jModel.parse(network.toJson()), FeatureLengths.of(1)).input())
        .containsExactly(84);
  }

  @ParameterizedTest
  @CsvSource({"NCW,4,-1", "NWC,-1,4"})
  void sequencesHaveTheirChannelsWhereTheNetworkReadsThem(RNNFormat format, int a, int b) {
    MultiLayerConfiguration network =
        network(
            new LastTimeStep(new LSTM.Builder().nOut(5).dataFormat(format).build()),
            classes(),
            InputType.recurrent(4, 6, format));
    assertThat(ModelShapes.of(Dl4jModel.parse(network.toJson()), FeatureLengths.of(1)).input())
        .containsExactly(a, b);
  }

  /** As the Keras import ends a network: the loss is a layer behind the probabilities. */
  @ParameterizedTest
  @CsvSource({"MCXENT,CLASSES", "MSE,VALUES", "XENT,VALUES"})
  void aLossOfItsOwnSaysWhatItReads(LossFunction loss, Output output) {
    MultiLayerConfiguration network =
        network(
            new DenseLayer.Builder().nOut(3).activation(Activation.SOFTMAX).build(),
            new LossLayer.Builder(loss).activation(Activation.IDENTITY).build(),
            InputType.feedForward(4));
    ModelShape shape = ModelShapes.of(Dl4jModel.parse(network.toJson()), FeatureLengths.of(1));
    assertThat(shape.outputs()).isEqualTo(3);
    assertThat(shape.output()).isEqualTo(output);
  }
}
