package io.stagecoach.model.gpt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Every gradient of a whole network is the slope of its score. */
class GptGradientTest {

  private static final double STEP = 1e-5;

  static Stream<Arguments> cases() {
    double[][] mask = {{1, 1, 1, 0, 0}, {1, 1, 1, 1, 1}, {0, 1, 0, 1, 1}};
    return Stream.of(
        Arguments.of("tied", Gpts.tied(), null),
        Arguments.of("tied with mask", Gpts.tied(), mask),
        Arguments.of("untied", Gpts.untied(), null),
        Arguments.of("own copies", Gpts.tied().withOwnCopies(), mask));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void isTheSlopeOfTheScore(String name, TokenOutput output, double[][] maskValues) {
    INDArray mask = maskValues == null ? null : Nd4j.createFromArray(maskValues);
    MultiLayerNetwork network = Gpts.network(output);
    Gpts.disturb(network, 1);
    INDArray features = Gpts.tokens(2, 3, 5);
    INDArray labels = Gpts.tokens(3, 3, 5);

    Gpts.gradientAndScore(network, features, labels, mask);
    INDArray gradient = network.gradient().gradient().dup();
    assertThat(gradient.length()).isEqualTo(network.numParams());
    // DL4J divides by the examples when it updates.
    gradient.divi(3);

    INDArray flat = network.params();
    for (long i = 0; i < flat.length(); i++) {
      double value = flat.getDouble(i);
      flat.putScalar(i, value + STEP);
      double above = Gpts.gradientAndScore(network, features, labels, mask);
      flat.putScalar(i, value - STEP);
      double below = Gpts.gradientAndScore(network, features, labels, mask);
      flat.putScalar(i, value);
      assertThat(gradient.getDouble(i))
          .as("parameter %d", i)
          .isCloseTo((above - below) / (2 * STEP), Offset.offset(1e-8));
    }
  }
}
