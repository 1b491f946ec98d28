package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.DataShape;
import io.stagecoach.model.ModelPresets;
import io.stagecoach.model.gpt.TiedOutput;
import io.stagecoach.plan.DeviceLimits;
import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.MemoryRules;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.Partitioners;
import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlanRequest;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.plan.Stash;
import io.stagecoach.plan.StashSlots;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.CenterLossOutputLayer;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.GravesBidirectionalLSTM;
import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.Subsampling1DLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling2D;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping2D;
import org.deeplearning4j.nn.conf.layers.misc.ElementWiseMultiplicationLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.layers.misc.RepeatVector;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class LayerCostsTest {

  private static final int MICRO_BATCH = 3;
  private static final int STEPS = 8;

  /** Counts and sizes from the configuration against those of the network that runs. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("networks")
  void parametersAndActivationsAreThoseOfTheRunningNetwork(
      String name, MultiLayerConfiguration configuration, INDArray input) {
    ModelCosts costs = LayerCosts.of(configuration, MICRO_BATCH, STEPS);
    assertThat(LayerCosts.of(configuration.toJson(), MICRO_BATCH, STEPS)).isEqualTo(costs);

    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    network.init();
    List<INDArray> activations = network.feedForward(input, false);
    assertThat(costs.inputBytes()).isEqualTo(input.length() * 4);
    assertThat(costs.layers()).hasSize(network.getnLayers());
    for (LayerCost cost : costs.layers()) {
      int i = cost.index();
      assertThat(cost.parameters()).as(cost.kind()).isEqualTo(network.getLayer(i).numParams());
      long copies = configuration.getConf(i).getLayer() instanceof TiedOutput ? 20 * 12 : 0;
      assertThat(cost.parameterBytes()).isEqualTo(4 * (cost.parameters() + copies));
      assertThat(cost.outputBytes())
          .as("%d %s %s", i, cost.kind(), activations.get(i + 1).shapeInfoToString())
          .isEqualTo(activations.get(i + 1).length() * 4);
      assertThat(cost.stashBytes()).isGreaterThanOrEqualTo(cost.outputBytes());
      if (cost.parameters() > 0) {
        assertThat(cost.forwardOperations()).as(cost.kind()).isPositive();
      }
    }
  }

  static Stream<Arguments> networks() {
    return Stream.of(
        Arguments.of(
            "mlp",
            network(
                InputType.feedForward(10),
                new DenseLayer.Builder().nOut(16).dropOut(0.5).build(),
                new BatchNormalization(),
                new ActivationLayer(Activation.RELU),
                new DropoutLayer(0.5),
                new PReLULayer.Builder().inputShape(16).build(),
                new ElementWiseMultiplicationLayer.Builder().nIn(16).nOut(16).build(),
                new FrozenLayer(new DenseLayer.Builder().nIn(16).nOut(12).build()),
                new FrozenLayerWithBackprop(new DenseLayer.Builder().nIn(12).nOut(9).build()),
                new OutputLayer.Builder().nOut(4).activation(Activation.SOFTMAX).build()),
            Nd4j.rand(DataType.FLOAT, MICRO_BATCH, 10)),
        Arguments.of(
            "mlp without input type",
            new NeuralNetConfiguration.Builder()
                .list()
                .layer(new DenseLayer.Builder().nIn(7).nOut(16).hasBias(false).build())
                .layer(new DenseLayer.Builder().nIn(16).nOut(5).hasLayerNorm(true).build())
                .layer(
                    new CenterLossOutputLayer.Builder()
                        .nIn(5)
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build(),
            Nd4j.rand(DataType.FLOAT, MICRO_BATCH, 7)),
        Arguments.of(
            "images",
            network(
                InputType.convolutionalFlat(12, 14, 2),
                new ConvolutionLayer.Builder(3, 3).nOut(6).build(),
                new SubsamplingLayer.Builder().kernelSize(2, 2).stride(2, 2).build(),
                new BatchNormalization(),
                new LocalResponseNormalization(),
                new DepthwiseConvolution2D.Builder(3, 3).depthMultiplier(2).padding(1, 1).build(),
                new SeparableConvolution2D.Builder(3, 3).nOut(5).build(),
                new Deconvolution2D.Builder(3, 3).nOut(4).stride(2, 2).hasBias(false).build(),
                new ZeroPaddingLayer(2, 1),
                new Upsampling2D.Builder(2).build(),
                new Cropping2D(1, 2),
                new DenseLayer.Builder().nOut(8).build(),
                new LossLayer.Builder().activation(Activation.SOFTMAX).build()),
            Nd4j.rand(DataType.FLOAT, MICRO_BATCH, 12 * 14 * 2)),
        Arguments.of(
            "images, pooled",
            network(
                InputType.convolutionalFlat(9, 9, 1),
                new ConvolutionLayer.Builder(3, 3).nOut(6).stride(2, 2).dropOut(0.8).build(),
                new GlobalPoolingLayer(),
                new OutputLayer.Builder().nOut(4).activation(Activation.SOFTMAX).build()),
            Nd4j.rand(DataType.FLOAT, MICRO_BATCH, 81)),
        Arguments.of("sequences", sequences(), Nd4j.rand(DataType.FLOAT, MICRO_BATCH, 5, STEPS)),
        Arguments.of(
            "sequences, convolved",
            network(
                InputType.recurrent(5, STEPS),
                new Convolution1DLayer.Builder(3).nOut(6).build(),
                new Subsampling1DLayer.Builder(2).build(),
                new LastTimeStep(new LSTM.Builder().nOut(7).build()),
                new RepeatVector.Builder<>(4).build(),
                new Bidirectional(
                    Bidirectional.Mode.ADD, new SimpleRnn.Builder().nIn(7).nOut(6).build()),
                new RnnOutputLayer.Builder().nOut(2).activation(Activation.SOFTMAX).build()),
            Nd4j.rand(DataType.FLOAT, MICRO_BATCH, 5, STEPS)),
        Arguments.of(
            "embedding",
            network(
                InputType.feedForward(1),
                new EmbeddingLayer.Builder().nIn(30).nOut(8).hasBias(true).build(),
                new OutputLayer.Builder().nOut(4).activation(Activation.SOFTMAX).build()),
            Nd4j.createFromArray(new float[][] {{1}, {29}, {0}})),
        Arguments.of(
            "char-lstm",
            ModelPresets.named("char-lstm")
                .configuration(new DataShape.Text(20), Map.of("width", "12", "layers", "3")),
            Nd4j.zeros(DataType.FLOAT, MICRO_BATCH, 1, STEPS)),
        Arguments.of("gpt, tied", gpt(Map.of()), Nd4j.zeros(DataType.FLOAT, MICRO_BATCH, STEPS)),
        Arguments.of(
            "gpt, untied",
            gpt(Map.of("tied", "false")),
            Nd4j.zeros(DataType.FLOAT, MICRO_BATCH, STEPS)));
  }

  private static MultiLayerConfiguration gpt(Map<String, String> settings) {
    Map<String, String> all = new HashMap<>(settings);
    all.putAll(Map.of("width", "12", "heads", "3", "layers", "2", "dropout", "0.1"));
    return ModelPresets.named("gpt-tiny").configuration(new DataShape.Text(20), all);
  }

  @Test
  void sequencesLongerThanTheContextAreRefused() {
    StagecoachException refusal =
        catchThrowableOfType(
            StagecoachException.class,
            () -> LayerCosts.of(gpt(Map.of("context", "9")), MICRO_BATCH, 10));
    assertThat(refusal.kind()).isEqualTo(ErrorKind.CONFIGURATION);
    assertThat(refusal).hasMessageContaining("10 tokens").hasMessageContaining("context of 9");
    assertThat(LayerCosts.of(gpt(Map.of("context", "9")), MICRO_BATCH, 9).layers()).hasSize(5);
  }

  /** Whatever the cut: the stage of a tied output has a copy of the embedding's weights. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 5})
  void theWeightsOfAPlannedStageAreThoseThatItWillHold(int stages) {
    MultiLayerConfiguration configuration = gpt(Map.of("dataType", "double"));
    ModelCosts costs = LayerCosts.of(configuration, MICRO_BATCH, STEPS);
    Plan plan =
        Partitioners.named("uniform")
            .partition(
                new PlanRequest(
                    costs,
                    stages,
                    new MemoryRules(Stash.ACTIVATIONS, StashSlots.everywhere(1), 2),
                    DeviceLimits.UNLIMITED));
    long held = 0;
    try (Dl4jModelUpdater model = Dl4jModelUpdater.create(configuration.toJson())) {
      for (PlannedStage stage : plan.stages()) {
        long length = model.stageLayout(stage.firstLayer(), stage.endLayer()).length();
        assertThat(stage.memory().weights()).isEqualTo(length * 8);
        assertThat(stage.memory().gradients()).isEqualTo(length * 8);
        held += length;
      }
      assertThat(costs.layers().stream().mapToLong(LayerCost::parameters).sum())
          .isEqualTo(model.parameters().length())
          .isEqualTo(held - 20 * 12);
    }
  }

  /** Twice the weights and the causal products for each position, as Kaplan and others count. */
  @Test
  void blocksCountTheirProducts() {
    ModelCosts costs =
        LayerCosts.of(
            ModelPresets.named("gpt2-small")
                .configuration(new DataShape.Text(50_257), Map.of("dropout", "0")),
            1,
            1024);
    long weights = 12L * 768 * 768;
    long products = 1024 * (2 * weights + 2 * 2 * 1024 * 768);
    LayerCost block = costs.layers().get(1);
    assertThat((double) block.forwardOperations() / products).isBetween(1.0, 1.02);
    assertThat((double) block.backwardOperations() / products).isBetween(2.0, 2.03);
    LayerCost output = costs.layers().get(14);
    assertThat(output.parameters()).isZero();
    assertThat((double) output.forwardOperations() / (1024L * 2 * 768 * 50_257))
        .isBetween(1.0, 1.01);
  }

  @SuppressWarnings("deprecation") // networks that were saved long ago have Graves' layers
  private static MultiLayerConfiguration sequences() {
    return network(
        InputType.recurrent(5),
        new LSTM.Builder().nOut(6).build(),
        new GravesLSTM.Builder().nOut(7).build(),
        new DenseLayer.Builder().nOut(9).build(),
        new BatchNormalization(),
        new SimpleRnn.Builder().nOut(6).build(),
        new Bidirectional(new LSTM.Builder().nOut(4).build()),
        new GravesBidirectionalLSTM.Builder().nOut(5).build(),
        new RnnLossLayer.Builder().activation(Activation.SOFTMAX).build());
  }

  private static MultiLayerConfiguration network(InputType input, Layer... layers) {
    NeuralNetConfiguration.ListBuilder list =
        new NeuralNetConfiguration.Builder().dataType(DataType.FLOAT).list();
    for (Layer layer : layers) {
      list.layer(layer);
    }
    return list.setInputType(input).overrideNinUponBuild(false).build();
  }

  /** Simonyan and Zisserman's first two layers: 86.7 and 1849.7 million products an image. */
  @Test
  void convolutionsCountTheProductsOfVgg() {
    ModelCosts costs =
        LayerCosts.of(
            network(
                InputType.convolutionalFlat(224, 224, 3),
                new ConvolutionLayer.Builder(3, 3).nOut(64).padding(1, 1).build(),
                new ConvolutionLayer.Builder(3, 3).nOut(64).padding(1, 1).build(),
                new GlobalPoolingLayer(),
                new OutputLayer.Builder().nOut(10).activation(Activation.SOFTMAX).build()),
            1,
            1);
    long outputs = 64L * 224 * 224;
    assertThat(costs.layers().get(0).forwardOperations()).isEqualTo(2 * 86_704_128L + 2 * outputs);
    assertThat(costs.layers().get(1).forwardOperations())
        .isEqualTo(2 * 1_849_688_064L + 2 * outputs);
    assertThat(costs.layers().get(1).backwardOperations() / 1e6)
        .isCloseTo(3 * 2 * 1849.688064, within(30.0));
  }

  @Test
  void recurrentLayersCountEveryStepOfEveryExample() {
    LayerCost lstm = sequenceCost(new LSTM.Builder().nIn(10).nOut(20).build());
    long products = 8L * 20 * (10 + 20);
    assertThat(lstm.forwardOperations()).isEqualTo(3L * 8 * (products + 13 * 20));
    assertThat(lstm.backwardOperations()).isEqualTo(3 * lstm.forwardOperations());
    LayerCost both = sequenceCost(new Bidirectional(new LSTM.Builder().nIn(10).nOut(20).build()));
    assertThat((double) both.forwardOperations() / lstm.forwardOperations())
        .isCloseTo(2, within(0.01));
    LayerCost last = sequenceCost(new LastTimeStep(new LSTM.Builder().nIn(10).nOut(20).build()));
    assertThat(last.forwardOperations()).isEqualTo(lstm.forwardOperations());
    assertThat(last.outputBytes()).isEqualTo(3 * 20 * 4);
  }

  @Test
  void backPropagationEndsAtAFrozenLayer() {
    List<LayerCost> layers =
        LayerCosts.of(
                network(
                    InputType.feedForward(8),
                    new DenseLayer.Builder().nOut(10).build(),
                    new FrozenLayer(new DenseLayer.Builder().nIn(10).nOut(20).build()),
                    new OutputLayer.Builder().nOut(4).activation(Activation.SOFTMAX).build()),
                5,
                1)
            .layers();
    assertThat(layers.get(1).kind()).isEqualTo("FrozenLayer(DenseLayer)");
    assertThat(layers.get(1).forwardOperations()).isEqualTo(5 * (2 * 10 * 20 + 2 * 20));
    assertThat(layers.stream().map(LayerCost::backwardOperations).map(Long::signum).toList())
        .containsExactly(0, 0, 1);
  }

  @Test
  void doublesAreTwiceAsLarge() {
    Map<String, String> narrow = Map.of("width", "8");
    Map<String, String> wide = Map.of("width", "8", "dataType", "double");
    assertThat(charLstm(wide).layers().get(1).stashBytes())
        .isEqualTo(2 * charLstm(narrow).layers().get(1).stashBytes());
    assertThat(charLstm(wide).layers().get(1).parameterBytes())
        .isEqualTo(2 * charLstm(narrow).layers().get(1).parameterBytes());
  }

  @Test
  void twoStagesOfTheCharacterModelAreNearlyEven() {
    Plan plan =
        Partitioners.named("balanced")
            .partition(
                new PlanRequest(
                    charLstm(Map.of()),
                    2,
                    new MemoryRules(Stash.ACTIVATIONS, StashSlots.everywhere(8), 2),
                    DeviceLimits.UNLIMITED));
    assertThat(plan.stages().stream().map(PlannedStage::firstLayer).toList()).containsExactly(0, 2);
    double all = charLstm(Map.of()).layers().stream().mapToLong(LayerCost::operations).sum();
    assertThat(plan.bottleneckOperations() / all).isBetween(0.5, 0.53);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "null", "{}", "[]", "{\"layers\": 3}", "{\"confs\": []}"})
  void whatIsNoNetworkIsRefused(String json) {
    StagecoachException refusal =
        catchThrowableOfType(StagecoachException.class, () -> LayerCosts.of(json, 1, 1));
    assertThat(refusal.kind()).isEqualTo(ErrorKind.MODEL);
  }

  @Test
  void featuresOfTheWrongShapeAreRefused() {
    MultiLayerConfiguration images =
        network(
            InputType.convolutionalFlat(8, 8, 1),
            new ConvolutionLayer.Builder(3, 3).nOut(2).build(),
            new OutputLayer.Builder().nOut(4).activation(Activation.SOFTMAX).build());
    assertMismatch(images, InputType.recurrent(64, 5), "FeedForwardToCnnPreProcessor of layer 0");
    images.getInputPreProcessors().clear();
    assertMismatch(images, InputType.feedForward(64), "ConvolutionLayer of layer 0");
    assertMismatch(images, InputType.convolutional(2, 2, 1), "ConvolutionLayer of layer 0");
  }

  private static void assertMismatch(
      MultiLayerConfiguration configuration, InputType features, String where) {
    StagecoachException refusal =
        catchThrowableOfType(
            StagecoachException.class, () -> LayerCosts.of(configuration, features, 1));
    assertThat(refusal.kind()).isEqualTo(ErrorKind.MODEL);
    assertThat(refusal).hasMessageContaining(where);
  }

  @Test
  void imagesOfUnknownSizeAreRefusedUnlessTold() {
    MultiLayerConfiguration configuration =
        new NeuralNetConfiguration.Builder()
            .list()
            .layer(new ConvolutionLayer.Builder(3, 3).nIn(2).nOut(6).build())
            .layer(new GlobalPoolingLayer())
            .layer(new OutputLayer.Builder().nIn(6).nOut(4).activation(Activation.SOFTMAX).build())
            .build();
    StagecoachException refusal =
        catchThrowableOfType(StagecoachException.class, () -> LayerCosts.of(configuration, 1, 1));
    assertThat(refusal.kind()).isEqualTo(ErrorKind.MODEL);
    assertThat(refusal).hasMessageContaining("ConvolutionLayer").hasMessageContaining("input type");
    ModelCosts told = LayerCosts.of(configuration, InputType.convolutional(5, 7, 2), 2);
    assertThat(told.inputBytes()).isEqualTo(2 * 5 * 7 * 2 * 4);
    assertThat(told.layers().get(0).outputBytes()).isEqualTo(2 * 3 * 5 * 6 * 4);
  }

  private static ModelCosts charLstm(Map<String, String> settings) {
    return LayerCosts.of(
        ModelPresets.named("char-lstm").configuration(new DataShape.Text(65), settings), 32, 64);
  }

  private static LayerCost sequenceCost(Layer layer) {
    return LayerCosts.of(
            new NeuralNetConfiguration.Builder()
                .list()
                .layer(layer)
                .layer(new LossLayer.Builder().activation(Activation.SOFTMAX).build())
                .build(),
            InputType.recurrent(10, 8),
            3)
        .layers()
        .get(0);
  }
}
