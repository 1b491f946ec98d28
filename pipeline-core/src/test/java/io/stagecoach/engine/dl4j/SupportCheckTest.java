package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.OptimizationAlgorithm;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.AttentionVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.rnn.ReverseTimeSeriesVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.AutoEncoder;
import org.deeplearning4j.nn.conf.layers.CenterLossOutputLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocallyConnected1D;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SelfAttentionLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.ocnn.OCNNOutputLayer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.AdaBelief;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class SupportCheckTest {

  private static MultiLayerConfiguration dense(Layer... layers) {
    return dense(Networks.base(), layers);
  }

  private static MultiLayerConfiguration dense(
      NeuralNetConfiguration.Builder base, Layer... layers) {
    NeuralNetConfiguration.ListBuilder list = base.list();
    for (Layer layer : layers) {
      list.layer(layer);
    }
    return list.validateOutputLayerConfig(false).build();
  }

  private static DenseLayer layer() {
    return new DenseLayer.Builder().nIn(3).nOut(3).build();
  }

  private static OutputLayer output() {
    return new OutputLayer.Builder(LossFunction.MSE)
        .activation(Activation.IDENTITY)
        .nIn(3)
        .nOut(3)
        .build();
  }

  private static MultiLayerConfiguration sequences(Layer middle, BackpropType type) {
    return Networks.base()
        .list()
        .layer(middle)
        .layer(
            new RnnOutputLayer.Builder(LossFunction.MSE)
                .activation(Activation.IDENTITY)
                .nOut(3)
                .build())
        .backpropType(type)
        .setInputType(InputType.recurrent(3, 4))
        .build();
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        Arguments.of(dense(layer()), "no loss"),
        Arguments.of(dense(output(), output()), "must be last"),
        Arguments.of(dense(layer(), new FrozenLayer(output())), "frozen output"),
        Arguments.of(
            dense(layer(), new EmbeddingLayer.Builder().nIn(3).nOut(3).build(), output()),
            "no gradient to the layers before"),
        Arguments.of(
            dense(new AutoEncoder.Builder().nIn(3).nOut(3).build(), output()), "pre-training"),
        Arguments.of(
            dense(
                layer(),
                new CenterLossOutputLayer.Builder(LossFunction.MSE).nIn(3).nOut(3).build()),
            "centres"),
        Arguments.of(
            dense(layer(), new OCNNOutputLayer.Builder().nIn(3).hiddenLayerSize(3).build()),
            "quantile"),
        Arguments.of(
            dense(
                new DenseLayer.Builder().nIn(3).nOut(3).activation(Activation.RRELU).build(),
                output()),
            "RReLU"),
        Arguments.of(
            dense(
                new FrozenLayer(
                    new DenseLayer.Builder().nIn(3).nOut(3).activation(Activation.RRELU).build()),
                output()),
            "RReLU"),
        Arguments.of(
            dense(Networks.base().optimizationAlgo(OptimizationAlgorithm.LBFGS), layer(), output()),
            "LBFGS"),
        Arguments.of(
            dense(Networks.base().miniBatch(false), layer(), output()), "miniBatch(false)"),
        Arguments.of(dense(Networks.base().dataType(DataType.FLOAT16), layer(), output()), "HALF"),
        Arguments.of(
            dense(Networks.base().updater(new AdaBelief()), layer(), output()), "AdaBelief"),
        Arguments.of(
            sequences(
                new SelfAttentionLayer.Builder().nIn(3).nOut(3).nHeads(1).build(),
                BackpropType.Standard),
            "SameDiff"),
        Arguments.of(
            sequences(
                new LocallyConnected1D.Builder().kernelSize(1).nOut(3).build(),
                BackpropType.Standard),
            "SameDiff"),
        Arguments.of(
            sequences(
                new Bidirectional(new LSTM.Builder().nOut(3).build()), BackpropType.TruncatedBPTT),
            "carry state"),
        Arguments.of(
            sequences(new SimpleRnn.Builder().nOut(3).build(), BackpropType.TruncatedBPTT),
            "forgets the carried state"));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void refusesAndSaysWhy(MultiLayerConfiguration configuration, String why) {
    assertThatThrownBy(() -> SupportCheck.check(configuration))
        .isInstanceOfSatisfying(
            StagecoachException.class,
            e -> {
              assertThat(e.kind()).isEqualTo(ErrorKind.MODEL);
              assertThat(e.remedy()).isNotEmpty();
            })
        .hasMessageContaining(why);
  }

  @Test
  void namesTheLayer() {
    Layer bad = new AutoEncoder.Builder().name("squeeze").nIn(3).nOut(3).build();
    assertThatThrownBy(() -> SupportCheck.check(dense(layer(), bad, output())))
        .hasMessageContaining("Layer 1 'squeeze' (AutoEncoder)");
  }

  @Test
  void refusesWhatIsNotANetwork() {
    for (String text : new String[] {"", "no json", "[1]", "{}", "{\"a\": 1}", "{\"confs\": []}"}) {
      assertThatThrownBy(() -> SupportCheck.parse(text))
          .as(text)
          .isInstanceOfSatisfying(
              StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL))
          .hasMessageContaining("not a DL4J network");
    }
  }

  @Test
  void tellsAGraphFromLayers() {
    assertThat(SupportCheck.parse(graph().setOutputs("b").build().toJson()))
        .isInstanceOf(GraphModel.class);
    assertThat(SupportCheck.parse(Networks.mlp())).isInstanceOf(LayersModel.class);
  }

  @Test
  void refusesGraphsWhoseEndsAreNotLosses() {
    assertGraphRefused(graph().addLayer("c", layer(), "a").setOutputs("b"), "c", "has no loss");
    assertGraphRefused(
        graph().addLayer("c", output(), "a").setOutputs("b"), "c", "has a loss but is no output");
    assertGraphRefused(
        graph().addLayer("c", output(), "b").setOutputs("b", "c"), "b", "must be last");
    assertGraphRefused(
        graph().addVertex("v", new ScaleVertex(2), "a").setOutputs("b"), "v", "nothing reads it");
  }

  @Test
  void refusesVerticesThatCannotBeTrained() {
    assertGraphRefused(
        graph()
            .addVertex("v", attention(), "a", "a", "a")
            .addLayer("c", output(), "v")
            .setOutputs("b", "c"),
        "v",
        "SameDiff");
    assertGraphRefused(
        graph()
            .addLayer("e", new EmbeddingLayer.Builder().nIn(3).nOut(2).build(), "a")
            .addLayer("c", output(), "e")
            .setOutputs("b", "c"),
        "e",
        "gives no gradient");
    assertGraphRefused(
        graph()
            .addVertex("v", new ReverseTimeSeriesVertex("in"), "a")
            .addLayer("c", output(), "v")
            .setOutputs("b", "c")
            .backpropType(BackpropType.TruncatedBPTT)
            .tBPTTLength(2),
        "v",
        "whole sequence");
  }

  @Test
  void aGraphWithUnknownClassesIsAModelError() {
    String json = graph().setOutputs("b").build().toJson();
    assertThatThrownBy(() -> SupportCheck.parse(json.replace("layers.DenseLayer", "keras.Missing")))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL))
        .hasMessageContaining("Missing");
  }

  private static AttentionVertex attention() {
    return new AttentionVertex.Builder()
        .nInQueries(2)
        .nInKeys(2)
        .nInValues(2)
        .nOut(2)
        .nHeads(1)
        .headSize(2)
        .projectInput(true)
        .build();
  }

  private static ComputationGraphConfiguration.GraphBuilder graph() {
    return Networks.base()
        .graphBuilder()
        .addInputs("in")
        .addLayer("a", layer(), "in")
        .addLayer("b", output(), "a");
  }

  private static void assertGraphRefused(
      ComputationGraphConfiguration.GraphBuilder graph, String vertex, String why) {
    // DL4J's own check refuses some of them, too, but not in files.
    String json = graph.allowDisconnected(true).validateOutputLayerConfig(false).build().toJson();
    assertThatThrownBy(() -> SupportCheck.parse(json))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL))
        .hasMessageContaining(" " + vertex + " ")
        .hasMessageContaining(why);
  }

  @Test
  void acceptsTheTestNetworks() {
    for (String json :
        new String[] {
          Networks.mlp(),
          Networks.cnn(),
          Networks.lstm(),
          Networks.frozen(),
          Networks.truncatedLstm()
        }) {
      assertThatCode(() -> SupportCheck.parse(json)).doesNotThrowAnyException();
    }
  }
}
