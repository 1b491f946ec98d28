package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.batch.Columns;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Predictions of stages, without labels, against DL4J's whole network. */
class ModelOutputsTest {

  /** What two stages put out for examples, in order. */
  private static List<INDArray> predict(String json, INDArray weights, int cut, Tensors examples) {
    Dl4jModel model = Dl4jModel.parse(json);
    int end = model.nodes().size();
    List<INDArray> predicted = new ArrayList<>();
    try (Dl4jStageModule first = stage(json, 0, 0, cut);
        Dl4jStageModule second = stage(json, 1, cut, end)) {
      long own = first.parameters().length();
      first.setParameters(weights.get(interval(0, own)));
      second.setParameters(weights.get(interval(own, weights.length())));
      StepContext step = new StepContext(0, 0, 0, 1, Mode.PREDICTION, false);
      first.beginStep(step);
      second.beginStep(step);
      try (Tensors between = first.forward(0, read(first, examples)).outputs();
          Tensors last = second.forward(0, between.and(read(second, examples))).outputs()) {
        new ModelOutputs(model).of(last).forEach(output -> predicted.add(output.dup('c')));
      }
    }
    return predicted;
  }

  private static INDArrayIndex interval(long from, long to) {
    return NDArrayIndex.interval(from, to);
  }

  private static Dl4jStageModule stage(String json, int stage, int first, int end) {
    return new Dl4jStageModule(new StageSpec(json, stage, 2, first, end, 1, Recompute.NONE, 7));
  }

  private static Tensors read(StageModule stage, Tensors examples) {
    Map<String, INDArray> mine = new LinkedHashMap<>(examples.asMap());
    mine.keySet().retainAll(stage.dataColumns());
    return Tensors.viewsOf(mine, () -> {});
  }

  private static NeuralNetConfiguration.Builder base() {
    return new NeuralNetConfiguration.Builder().seed(5).dataType(DataType.DOUBLE);
  }

  /** An output of the first stage travels through the second; they come in the graph's order. */
  @Test
  void outputsOfEveryStageComeInOrder() {
    ComputationGraphConfiguration conf =
        base()
            .graphBuilder()
            .addInputs("left", "right")
            .setInputTypes(InputType.feedForward(2), InputType.feedForward(3))
            .addLayer("near", new DenseLayer.Builder().nOut(5).build(), "left")
            .addLayer(
                "size",
                new OutputLayer.Builder(LossFunction.MSE)
                    .activation(Activation.IDENTITY)
                    .nOut(1)
                    .build(),
                "near")
            .addLayer("far", new DenseLayer.Builder().nOut(4).build(), "right")
            .addVertex("both", new MergeVertex(), "near", "far")
            .addLayer(
                "kind",
                new OutputLayer.Builder(LossFunction.MCXENT)
                    .activation(Activation.SOFTMAX)
                    .nOut(2)
                    .build(),
                "both")
            .setOutputs("kind", "size")
            .build();
    ComputationGraph whole = new ComputationGraph(conf);
    whole.init();
    INDArray left = Nd4j.rand(DataType.DOUBLE, 6, 2);
    INDArray right = Nd4j.rand(DataType.DOUBLE, 6, 3);
    Dl4jModel model = Dl4jModel.parse(conf.toJson());
    int cut = 1 + model.nodes().stream().map(ModelNode::name).toList().indexOf("size");
    assertThat(cut).isBetween(1, model.nodes().size() - 1);

    List<INDArray> predicted =
        predict(
            conf.toJson(),
            whole.params(),
            cut,
            Tensors.viewsOf(
                Map.of(Columns.features("left"), left, Columns.features("right"), right),
                () -> {}));

    assertThat(predicted).containsExactly(whole.output(left, right));
  }

  @ParameterizedTest
  @ValueSource(strings = {"NCW", "NWC"})
  void timeIsTheLastAxis(String format) {
    MultiLayerNetwork whole =
        new MultiLayerNetwork(
            base()
                .list()
                .layer(
                    new LSTM.Builder().nIn(3).nOut(4).dataFormat(RNNFormat.valueOf(format)).build())
                .layer(
                    new RnnOutputLayer.Builder(LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .dataFormat(RNNFormat.valueOf(format))
                        .nIn(4)
                        .nOut(2)
                        .build())
                .build());
    whole.init();
    boolean middle = format.equals("NWC");
    INDArray features = Nd4j.rand(DataType.DOUBLE, 5, middle ? 7 : 3, middle ? 3 : 7);

    List<INDArray> predicted =
        predict(
            whole.getLayerWiseConfigurations().toJson(),
            whole.params(),
            1,
            Tensors.viewsOf(Map.of(Columns.FEATURES, features), () -> {}));

    INDArray expected = whole.output(features);
    assertThat(predicted).hasSize(1);
    assertThat(predicted.get(0).shape()).containsExactly(5, 2, 7);
    assertThat(predicted.get(0)).isEqualTo(middle ? expected.permute(0, 2, 1) : expected);
  }
}
