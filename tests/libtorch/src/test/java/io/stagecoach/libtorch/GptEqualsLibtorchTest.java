package io.stagecoach.libtorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.model.gpt.BlockShape;
import io.stagecoach.model.gpt.LayerNorm;
import io.stagecoach.model.gpt.TiedOutput;
import io.stagecoach.model.gpt.TokenEmbedding;
import io.stagecoach.model.gpt.TransformerBlock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;

/**
 * A GPT with tied output beside libtorch's functions and autograd: results, gradients, training.
 */
class GptEqualsLibtorchTest {

  private static final int VOCABULARY = 37;
  private static final int TIME = 70;
  private static final int EXAMPLES = 3;
  private static final int WIDTH = 24;
  private static final int HEADS = 3;
  private static final int BLOCKS = 2;
  private static final int STEPS = 20;

  /** Per token: the loss is a sum over the tokens of an example. */
  private static final double LEARNING_RATE = 0.1 / TIME;

  @BeforeAll
  static void oneThread() {
    torch.set_num_threads(1);
  }

  private static MultiLayerNetwork network(DataType type) {
    NeuralNetConfiguration.ListBuilder layers =
        new NeuralNetConfiguration.Builder()
            .seed(5)
            .dataType(type)
            .updater(new Sgd(LEARNING_RATE))
            .list()
            .layer(new TokenEmbedding.Builder(VOCABULARY, TIME + 5, WIDTH).deviation(0.3).build());
    for (int i = 0; i < BLOCKS; i++) {
      layers.layer(
          new TransformerBlock.Builder(WIDTH, HEADS).name("block" + i).deviation(0.1).build());
    }
    layers.layer(new LayerNorm.Builder(WIDTH).name("norm").build());
    layers.layer(new TiedOutput(WIDTH, VOCABULARY, TokenEmbedding.NAME));
    MultiLayerNetwork network = new MultiLayerNetwork(layers.build());
    network.init();
    // Gains and biases, too, are to matter.
    Random random = new Random(1);
    INDArray flat = network.params();
    for (long i = 0; i < flat.length(); i++) {
      flat.putScalar(i, flat.getDouble(i) + 0.02 * random.nextGaussian());
    }
    return network;
  }

  private static INDArray tokens(long seed) {
    Random random = new Random(seed);
    return Nd4j.createFromArray(random.ints((long) EXAMPLES * TIME, 0, VOCABULARY).toArray())
        .reshape('c', EXAMPLES, TIME);
  }

  private static Tensor indices(INDArray tokens) {
    return torch.tensor(tokens.dup('c').data().asLong()).view(tokens.shape());
  }

  private static TorchGpt reference(MultiLayerNetwork network) {
    return new TorchGpt(
        network.paramTable(), BLOCKS, new BlockShape(EXAMPLES, TIME, WIDTH, HEADS, 4 * WIDTH));
  }

  /** The network's parameters or gradients, its matrices as libtorch has them. */
  private static List<INDArray> asLibtorch(Map<String, INDArray> table) {
    List<INDArray> arrays = new ArrayList<>();
    table.forEach(
        (name, array) ->
            arrays.add(name.contains("_W") && !name.equals("0_W") ? array.transpose() : array));
    return arrays;
  }

  /** In the order of the parameters. */
  private static List<INDArray> gradients(MultiLayerNetwork network) {
    Map<String, INDArray> ordered = new LinkedHashMap<>();
    network
        .paramTable()
        .keySet()
        .forEach(name -> ordered.put(name, network.gradient().getGradientFor(name)));
    return asLibtorch(ordered);
  }

  private static void assertNear(INDArray actual, Tensor expected, double tolerance, String name) {
    INDArray wanted = TorchArrays.array(expected);
    INDArray found = actual.castTo(DataType.DOUBLE).dup('c').reshape('c', wanted.shape());
    double size = wanted.amaxNumber().doubleValue();
    assertThat(found.sub(wanted).amaxNumber().doubleValue() / size).as(name).isLessThan(tolerance);
  }

  @ParameterizedTest
  @CsvSource({"DOUBLE, 1e-9", "FLOAT, 1e-4"})
  void lossAndGradientsAreLibtorchs(DataType type, double tolerance) {
    MultiLayerNetwork network = network(type);
    TorchGpt reference = reference(network);
    INDArray features = tokens(1);
    INDArray labels = tokens(2);
    INDArray probabilities = network.output(features);
    assertNear(
        probabilities,
        torch.softmax(reference.forward(indices(features)), 2),
        tolerance,
        "probabilities");

    network.initGradientsView();
    network.setInput(features);
    network.setLabels(labels);
    network.computeGradientAndScore();
    double loss = reference.backward(indices(features), indices(labels));

    assertThat(network.score()).isCloseTo(loss, within(tolerance * loss));
    List<INDArray> gradients = gradients(network);
    List<Tensor> expected = reference.parameters();
    assertThat(gradients).hasSameSizeAs(expected);
    for (int i = 0; i < gradients.size(); i++) {
      // DL4J divides by the examples when it updates.
      assertNear(
          gradients.get(i).div(EXAMPLES), expected.get(i).grad(), tolerance, "gradient " + i);
    }
  }

  @ParameterizedTest
  @CsvSource({"DOUBLE, 1e-9", "FLOAT, 1e-4"})
  void twentyStepsOfTrainingAreLibtorchs(DataType type, double tolerance) {
    MultiLayerNetwork network = network(type);
    TorchGpt reference = reference(network);
    double first = 0;
    double last = 0;
    for (int step = 0; step < STEPS; step++) {
      // Each token's successor is to be learnt.
      INDArray features = tokens(step);
      INDArray labels = features.add(1).fmod(VOCABULARY);
      network.fit(features, labels);
      last = reference.backward(indices(features), indices(labels));
      reference.update(LEARNING_RATE);
      assertThat(network.score()).isCloseTo(last, within(tolerance * last));
      first = step == 0 ? last : first;
    }
    assertThat(last).isLessThan(0.99 * first);
    List<INDArray> parameters = asLibtorch(network.paramTable());
    List<Tensor> expected = reference.parameters();
    for (int i = 0; i < parameters.size(); i++) {
      assertNear(parameters.get(i), expected.get(i), tolerance, "parameter " + i);
    }
  }
}
