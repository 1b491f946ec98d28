package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.batch.Columns;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.tensor.Tensors;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What a graph is said to cost, against graphs that run. */
class GraphCostsTest {

  private static final int ROWS = 6;
  private static final int STEPS = 3;

  record Case(String name, String json, Tensors batch) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case(
            "residual",
            Graphs.residualOfVectors(),
            Batches.tensors(Columns.FEATURES, Batches.uniform(1, ROWS, 36))),
        new Case(
            "several inputs",
            Graphs.several(),
            Batches.tensors(
                Columns.features("early"),
                Batches.uniform(1, ROWS, 4),
                Columns.features("late"),
                Batches.uniform(2, ROWS, 2))),
        new Case(
            "LSTM",
            Graphs.lstm(),
            Batches.tensors(Columns.FEATURES, Batches.uniform(1, ROWS, 4, STEPS))),
        new Case(
            "vertices for sequences",
            Graphs.sequenceVertices(),
            Batches.tensors(Columns.FEATURES, Batches.uniform(1, ROWS, 4, STEPS))));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void whatCrossesEveryCutIsWhatAStageSends(Case tried) {
    ModelCosts costs = LayerCosts.of(tried.json(), ROWS, STEPS);
    for (int cut = 1; cut < costs.size(); cut++) {
      StageSpec spec = new StageSpec(tried.json(), 0, 2, 0, cut, 1, Recompute.NONE, 3);
      try (Dl4jStageModule stage = new Dl4jStageModule(spec)) {
        stage.beginStep(new StepContext(0, 0, 0, 1, Mode.INFERENCE, false));
        Map<String, INDArray> mine = new HashMap<>(tried.batch().asMap());
        mine.keySet().retainAll(stage.dataColumns());
        try (Tensors sent = stage.forward(0, Tensors.viewsOf(mine, () -> {})).outputs()) {
          long bytes =
              sent.asMap().entrySet().stream()
                  .filter(entry -> entry.getKey().startsWith(Boundary.ACTIVATIONS + "."))
                  .mapToLong(entry -> entry.getValue().length() * 8)
                  .sum();
          assertThat(costs.bytesInto(cut)).as("cut %d", cut).isEqualTo(bytes);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void parametersAreThoseOfTheRunningGraph(Case tried) {
    ComputationGraph graph =
        new ComputationGraph(ComputationGraphConfiguration.fromJson(tried.json()));
    graph.init();
    List<LayerCost> layers = LayerCosts.of(tried.json(), ROWS, STEPS).layers();
    for (LayerCost layer : layers) {
      assertThat(layer.parameters())
          .as(layer.name())
          .isEqualTo(graph.getVertex(layer.name()).numParams());
      assertThat(layer.forwardOperations()).as(layer.name()).isPositive();
    }
    assertThat(layers.stream().mapToLong(LayerCost::parameters).sum()).isEqualTo(graph.numParams());
  }

  @Test
  void theShapeOfAnInputThatOnlyAMergeReadsIsWhatTheOthersLeave() {
    Map<String, InputType> shapes =
        LayerCosts.features(Dl4jModel.parse(Graphs.twoInputs()), FeatureLengths.of(1));
    assertThat(shapes.get("early").arrayElementsPerExample()).isEqualTo(8);
    assertThat(shapes.get("late").arrayElementsPerExample()).isEqualTo(3);
  }

  @Test
  void anInputOfUnknownShapeIsAModelError() {
    String json =
        Networks.base()
            .graphBuilder()
            .addInputs("in")
            .addVertex("scaled", new ScaleVertex(2), "in")
            .addLayer("out", new OutputLayer.Builder().nIn(2).nOut(2).build(), "scaled")
            .setOutputs("out")
            .build()
            .toJson();
    assertThatThrownBy(() -> LayerCosts.of(json, 1, 1))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL))
        .hasMessageContaining("ScaleVertex");
  }

  @Test
  void nothingGoesBackwardWhereNoGradientFlows() {
    for (LayerCost layer : LayerCosts.of(Graphs.frozen(), 4, 1).layers()) {
      if (layer.name().equals("middle")) {
        assertThat(layer.backwardOperations()).isZero();
      } else {
        assertThat(layer.backwardOperations()).as(layer.name()).isPositive();
      }
    }
  }
}
