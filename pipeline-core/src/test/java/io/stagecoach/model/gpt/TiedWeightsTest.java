package io.stagecoach.model.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.StagecoachException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;

/** The output has the embedding's weights, whatever becomes of the network. */
class TiedWeightsTest {

  private static final INDArray FEATURES = Gpts.tokens(2, 3, 5);
  private static final INDArray LABELS = Gpts.tokens(3, 3, 5);

  @Test
  void theGradientIsTheSumOfBothUses() {
    MultiLayerNetwork tied = Gpts.network(Gpts.tied());
    Gpts.disturb(tied, 1);
    MultiLayerNetwork untied = Gpts.network(Gpts.tied().withOwnCopies());
    for (Map.Entry<String, INDArray> parameter : tied.paramTable().entrySet()) {
      untied.getParam(parameter.getKey()).assign(parameter.getValue());
    }
    untied.getParam("4_W").assign(tied.getParam("0_W"));

    double expectedScore = Gpts.gradientAndScore(untied, FEATURES, LABELS, null);
    double score = Gpts.gradientAndScore(tied, FEATURES, LABELS, null);

    assertThat(score).isEqualTo(expectedScore);
    Map<String, INDArray> expected = Gpts.copies(untied.gradient());
    expected.get("0_W").addi(expected.remove("4_W"));
    Map<String, INDArray> gradients = Gpts.copies(tied.gradient());
    assertThat(gradients.keySet()).isEqualTo(expected.keySet());
    expected.forEach((name, sum) -> assertThat(gradients.get(name)).as(name).isEqualTo(sum));
    assertThat(tied.numParams()).isEqualTo(untied.numParams() - Gpts.VOCABULARY * Gpts.WIDTH);
  }

  /** A graph gives its layers no list of listeners to know each other by. */
  @Test
  void aGraphTiesThemToo() {
    MultiLayerNetwork network = Gpts.network(Gpts.tied());
    MultiLayerConfiguration stack = network.getLayerWiseConfigurations().clone();
    ComputationGraphConfiguration.GraphBuilder builder =
        new NeuralNetConfiguration.Builder()
            .dataType(DataType.DOUBLE)
            .updater(new Adam(0.01))
            .graphBuilder()
            .addInputs("in");
    String before = "in";
    for (NeuralNetConfiguration layer : stack.getConfs()) {
      String name = layer.getLayer().getLayerName();
      builder.addLayer(name, layer.getLayer(), before);
      before = name;
    }
    ComputationGraph graph = new ComputationGraph(builder.setOutputs(before).build());
    graph.init();
    graph.setParams(network.params());
    assertThat(graph.output(FEATURES)[0]).isEqualTo(network.output(FEATURES));
    for (int step = 0; step < 2; step++) {
      network.fit(data());
      graph.fit(data());
    }
    assertThat(graph.params()).isEqualTo(network.params());
  }

  /** Training moves each network by its own embedding, with several of them made in turn. */
  @Test
  void networksDoNotMix() {
    MultiLayerNetwork first = Gpts.network(Gpts.tied());
    MultiLayerNetwork second = Gpts.network(Gpts.tied());
    Gpts.disturb(second, 9);
    MultiLayerNetwork copy = first.clone();
    INDArray untouched = first.output(FEATURES).dup();

    second.fit(data());
    copy.fit(data());
    assertThat(first.output(FEATURES)).isEqualTo(untouched);

    first.fit(data());
    assertThat(first.params()).isEqualTo(copy.params());
    assertThat(first.output(FEATURES)).isEqualTo(copy.output(FEATURES)).isNotEqualTo(untouched);
    assertReadsItsOwnEmbedding(first);
    assertReadsItsOwnEmbedding(second);
    assertReadsItsOwnEmbedding(copy);
  }

  private static void assertReadsItsOwnEmbedding(MultiLayerNetwork network) {
    INDArray before = network.output(FEATURES).dup();
    INDArray weights = network.getParam("0_W");
    INDArray kept = weights.dup();
    // Of a token that is not in the input: seen by the output alone.
    int absent = absentToken();
    weights.getRow(absent).addi(1);
    assertThat(network.output(FEATURES)).isNotEqualTo(before);
    weights.assign(kept);
    assertThat(network.output(FEATURES)).isEqualTo(before);
  }

  private static int absentToken() {
    for (int token = 0; token < Gpts.VOCABULARY; token++) {
      if (FEATURES.eq(token).castTo(DataType.INT32).sumNumber().intValue() == 0) {
        return token;
      }
    }
    throw new AssertionError("all tokens are there");
  }

  @Test
  void aSavedNetworkIsTheSame() throws IOException {
    MultiLayerNetwork network = Gpts.network(Gpts.tied());
    network.fit(data());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ModelSerializer.writeModel(network, bytes, true);
    MultiLayerNetwork restored =
        ModelSerializer.restoreMultiLayerNetwork(new ByteArrayInputStream(bytes.toByteArray()));

    assertThat(restored.output(FEATURES)).isEqualTo(network.output(FEATURES));
    network.fit(data());
    restored.fit(data());
    assertThat(restored.params()).isEqualTo(network.params());
    assertReadsItsOwnEmbedding(restored);
  }

  @Test
  void theConfigurationIsTheSameAfterJson() {
    for (TokenOutput output : List.of(Gpts.tied(), Gpts.tied().withOwnCopies(), Gpts.untied())) {
      MultiLayerConfiguration configuration =
          Gpts.configuration(output, DataType.FLOAT, 0.1, new Adam(0.01));
      MultiLayerConfiguration read = MultiLayerConfiguration.fromJson(configuration.toJson());
      assertThat(read).isEqualTo(configuration);
      assertThat(read.toJson()).isEqualTo(configuration.toJson());
      assertThat(Gpts.network(read).params()).isEqualTo(Gpts.network(configuration).params());
    }
  }

  @Test
  void threadsDoNotMix() throws InterruptedException, ExecutionException {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<INDArray>> results = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        results.add(
            threads.submit(
                () -> {
                  MultiLayerNetwork network = Gpts.network(Gpts.tied());
                  network.fit(data());
                  assertReadsItsOwnEmbedding(network);
                  return network.params();
                }));
      }
      INDArray first = results.get(0).get();
      for (Future<INDArray> result : results) {
        assertThat(result.get()).isEqualTo(first);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void withoutTheEmbeddingItIsRefused() {
    MultiLayerNetwork whole = Gpts.network(Gpts.tied());
    MultiLayerConfiguration part = whole.getLayerWiseConfigurations().clone();
    part.setConfs(new ArrayList<>(part.getConfs().subList(1, 5)));
    MultiLayerNetwork without = new MultiLayerNetwork(part);
    assertThatThrownBy(without::init)
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining("tied to a TokenEmbedding 'tokens'");
  }

  private static DataSet data() {
    return new DataSet(FEATURES.dup(), LABELS.dup());
  }
}
