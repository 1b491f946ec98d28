package io.stagecoach.model.gpt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;

/**
 * The gradient of every parameter of a whole network is the slope of its score: along a random
 * direction of each, so that every element counts, and of some elements alone.
 */
class GptGradientTest {

  private static final double STEP = 1e-5;
  private static final int EXAMPLES = 3;
  private static final int TIME = 5;

  static Stream<Arguments> cases() {
    double[][] mask = {{1, 1, 1, 0, 0}, {1, 1, 1, 1, 1}, {0, 1, 0, 1, 1}};
    return Stream.of(
        Arguments.of("tied", Gpts.tied(), null, 0.0),
        Arguments.of("tied with mask", Gpts.tied(), mask, 0.0),
        Arguments.of("untied", Gpts.untied(), null, 0.0),
        Arguments.of("own copies", Gpts.tied().withOwnCopies(), mask, 0.0),
        Arguments.of("dropout", Gpts.tied(), null, 0.3));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void isTheSlopeOfTheScore(
      String name, RnnOutputLayer output, double[][] maskValues, double dropout) {
    INDArray mask = maskValues == null ? null : Nd4j.createFromArray(maskValues);
    MultiLayerNetwork network =
        Gpts.network(
            Gpts.configuration((TokenOutput) output, DataType.DOUBLE, dropout, new Adam(0.01)));
    Gpts.disturb(network, 1);
    INDArray features = Gpts.tokens(2, EXAMPLES, TIME);
    INDArray labels = Gpts.tokens(3, EXAMPLES, TIME);

    Gpts.gradientAndScore(network, features, labels, mask);
    assertThat(network.gradient().gradient().length()).isEqualTo(network.numParams());
    Map<String, INDArray> gradients = Gpts.copies(network.gradient());

    assertThat(gradients.keySet()).isEqualTo(network.paramTable().keySet());
    Random random = new Random(4);
    for (Map.Entry<String, INDArray> parameter : network.paramTable().entrySet()) {
      INDArray view = parameter.getValue();
      // DL4J divides by the examples when it updates.
      INDArray gradient = gradients.get(parameter.getKey()).divi(EXAMPLES);
      INDArray direction = Gpts.gaussian(random, view.shape());
      INDArray one = Nd4j.zeros(view.dataType(), view.shape());
      one.putScalar(random.nextInt((int) one.length()), 1);
      for (INDArray along : new INDArray[] {direction, one}) {
        INDArray before = view.dup();
        view.addi(along.mul(STEP));
        double above = Gpts.gradientAndScore(network, features, labels, mask);
        view.assign(before).subi(along.mul(STEP));
        double below = Gpts.gradientAndScore(network, features, labels, mask);
        view.assign(before);
        double slope = (above - below) / (2 * STEP);
        assertThat(gradient.mul(along).sumNumber().doubleValue())
            .as(parameter.getKey())
            .isCloseTo(slope, Offset.offset(1e-7 * (1 + Math.abs(slope))));
      }
    }
  }
}
