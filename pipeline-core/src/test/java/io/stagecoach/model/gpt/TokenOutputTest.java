package io.stagecoach.model.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/** The score by its definition, from the probabilities; labels and features in all their forms. */
class TokenOutputTest {

  private static final int EXAMPLES = 3;
  private static final int TIME = 4;

  private final MultiLayerNetwork network = Gpts.network(Gpts.tied());
  private final INDArray features = Gpts.tokens(2, EXAMPLES, TIME);
  private final INDArray labels = Gpts.tokens(3, EXAMPLES, TIME);
  private final INDArray mask =
      Nd4j.createFromArray(new double[][] {{1, 0, 0, 0}, {1, 1, 1, 1}, {0, 0.5, 1, 0}});

  @Test
  void scoresAreLogarithmsOfProbabilities() {
    INDArray probabilities = network.output(features);
    assertThat(probabilities.shape()).containsExactly(EXAMPLES, TIME, Gpts.VOCABULARY);
    assertThat(probabilities.sum(2).sub(1).amaxNumber().doubleValue()).isLessThan(1e-12);
    double[] perExample = new double[EXAMPLES];
    double all = 0;
    for (int i = 0; i < EXAMPLES; i++) {
      for (int t = 0; t < TIME; t++) {
        double loss = -Math.log(probabilities.getDouble(i, t, labels.getInt(i, t)));
        perExample[i] += mask.getDouble(i, t) * loss;
        all += loss;
      }
    }
    double masked = perExample[0] + perExample[1] + perExample[2];

    assertThat(Gpts.gradientAndScore(network, features, labels, null))
        .isCloseTo(all / EXAMPLES, within(1e-12));
    assertThat(Gpts.gradientAndScore(network, features, labels, mask))
        .isCloseTo(masked / EXAMPLES, within(1e-12));
    DataSet data = new DataSet(features, labels, null, mask);
    assertThat(network.score(data, false)).isCloseTo(masked / EXAMPLES, within(1e-12));
    INDArray scores = network.scoreExamples(data, false);
    for (int i = 0; i < EXAMPLES; i++) {
      assertThat(scores.getDouble(i)).isCloseTo(perExample[i], within(1e-12));
    }
  }

  @Test
  void oneHotLabelsAreTheSame() {
    INDArray oneHot = Nd4j.zeros(DataType.DOUBLE, EXAMPLES, TIME, Gpts.VOCABULARY);
    for (int i = 0; i < EXAMPLES; i++) {
      for (int t = 0; t < TIME; t++) {
        oneHot.putScalar(new int[] {i, t, labels.getInt(i, t)}, 1);
      }
    }
    INDArray column = labels.reshape('c', EXAMPLES, TIME, 1);
    double expected = Gpts.gradientAndScore(network, features, labels, mask);
    INDArray gradient = network.gradient().gradient().dup();
    for (INDArray form : new INDArray[] {oneHot, column, labels.castTo(DataType.DOUBLE)}) {
      assertThat(Gpts.gradientAndScore(network, features, form, mask)).isEqualTo(expected);
      assertThat(network.gradient().gradient()).isEqualTo(gradient);
    }
  }

  @Test
  void featuresComeInSeveralForms() {
    INDArray expected = network.output(features);
    assertThat(network.output(features.castTo(DataType.DOUBLE))).isEqualTo(expected);
    assertThat(network.output(features.reshape('c', EXAMPLES, 1, TIME))).isEqualTo(expected);
    assertThat(network.output(features.dup('f'))).isEqualTo(expected);
  }

  @Test
  void aPositionDoesNotSeeThoseAfterIt() {
    INDArray changed = features.dup();
    changed.putScalar(1, TIME - 1, (features.getInt(1, TIME - 1) + 1) % Gpts.VOCABULARY);
    INDArray difference = network.output(changed).sub(network.output(features));
    assertThat(difference.slice(1).slice(TIME - 1).amaxNumber().doubleValue()).isPositive();
    difference.slice(1).slice(TIME - 1).assign(0);
    assertThat(difference.amaxNumber().doubleValue()).isZero();
  }
}
