package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.List;
import java.util.OptionalLong;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration.ListBuilder;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class ImageSizesTest {

  private record Lengths(long count, List<Integer> imageSize) implements FeatureLengths {

    @Override
    public int timeSteps() {
      return 1;
    }

    @Override
    public List<Integer> imageSize(String input) {
      return imageSize;
    }

    @Override
    public OptionalLong numbers(String input) {
      return OptionalLong.of(count);
    }
  }

  private static OutputLayer classes() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .activation(Activation.SOFTMAX)
        .nOut(3)
        .build();
  }

  /** Convolution and pooling by two; several sizes of images give the same vectors. */
  private static Dl4jModel pooling(long height, long width, long channels, CNN2DFormat format) {
    ListBuilder list =
        Networks.base()
            .list()
            .layer(new ZeroPaddingLayer.Builder(1, 1).dataFormat(format).build())
            .layer(new BatchNormalization.Builder().dataFormat(format).build())
            .layer(new ConvolutionLayer.Builder(3, 3).nOut(4).dataFormat(format).build())
            .layer(
                new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
                    .kernelSize(2, 2)
                    .stride(2, 2)
                    .dataFormat(format)
                    .build())
            .layer(classes());
    list.setInputType(InputType.convolutional(height, width, channels, format));
    return Dl4jModel.parse(list.build().toJson());
  }

  private static Dl4jModel pooledToOne() {
    return Dl4jModel.parse(
        Networks.base()
            .list()
            .layer(
                new ConvolutionLayer.Builder(3, 3)
                    .nOut(4)
                    .convolutionMode(ConvolutionMode.Same)
                    .build())
            .layer(new GlobalPoolingLayer(PoolingType.AVG))
            .layer(classes())
            .setInputType(InputType.convolutional(32, 32, 3))
            .build()
            .toJson());
  }

  @ParameterizedTest
  @CsvSource({"28,28,1,NCHW", "9,15,3,NCHW", "28,28,1,NHWC", "13,8,2,NHWC"})
  void theNumbersOfAnExampleAndTheNetworkTellTheSize(
      long height, long width, long channels, CNN2DFormat format) {
    Dl4jModel model = pooling(height, width, channels, format);
    assertThat(InputShapes.of(model, new Lengths(height * width * channels, List.of())))
        .containsExactly(
            java.util.Map.entry(
                LayersModel.INPUT, InputType.convolutional(height, width, channels, format)));
  }

  @Test
  void theImageOfAGraphIsFoundToo() {
    Dl4jModel model = Dl4jModel.parse(Graphs.residual());
    assertThatThrownBy(() -> InputShapes.of(model, new Lengths(36, List.of())))
        .hasMessageContaining("6 × 6");
    assertThat(InputShapes.of(model, new Lengths(36, List.of(6, 6))))
        .containsEntry("image", InputType.convolutional(6, 6, 1));
  }

  @Test
  void whatIsUndecidedIsAskedFor() {
    assertThatThrownBy(() -> InputShapes.of(pooledToOne(), new Lengths(3072, List.of())))
        .isInstanceOfSatisfying(
            StagecoachException.class,
            undecided -> {
              assertThat(undecided.kind()).isEqualTo(ErrorKind.MODEL);
              assertThat(undecided.remedy()).contains("data.imageSize");
            })
        .hasMessageContaining("16 × 64, 32 × 32, 64 × 16");
  }

  @ParameterizedTest
  @CsvSource({"3073", "3075"})
  void numbersThatMakeNoSuchImageAreRefused(long numbers) {
    Dl4jModel model = pooling(32, 32, 3, CNN2DFormat.NCHW);
    assertThatThrownBy(() -> InputShapes.of(model, new Lengths(numbers, List.of())))
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining(numbers + " numbers as images with 3 channels of any size");
  }

  @Test
  void aSizeThatIsToldMustBeOneThatTheNetworkReads() {
    Dl4jModel model = pooling(28, 28, 1, CNN2DFormat.NCHW);
    assertThatThrownBy(() -> InputShapes.of(model, new Lengths(0, List.of(30, 28))))
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining("cannot read images of 30 × 28 with 1 channels, from the input");
  }
}
