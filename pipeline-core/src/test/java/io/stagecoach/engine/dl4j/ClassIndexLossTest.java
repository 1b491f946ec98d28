package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossNegativeLogLikelihood;
import org.nd4j.linalg.lossfunctions.impl.LossSparseMCXENT;

/** Class indices against DL4J's loss of the same labels as one-hot vectors. */
class ClassIndexLossTest {

  private static final int ROWS = 9;
  private static final int CLASSES = 5;
  private static final ActivationSoftmax SOFTMAX = new ActivationSoftmax();

  static Stream<LossMCXENT> losses() {
    return Stream.of(
        new LossMCXENT(),
        new LossNegativeLogLikelihood(),
        new LossMCXENT(Nd4j.create(new double[] {1, 2, 0.5, 3, 0.25})));
  }

  @ParameterizedTest
  @MethodSource("losses")
  void equalsOneHot(LossMCXENT plain) {
    ClassIndexLoss loss = new ClassIndexLoss(plain);
    INDArray indices = Batches.classes(1, CLASSES, ROWS);
    INDArray oneHot = Batches.oneHot(indices, CLASSES);
    INDArray column = indices.reshape(ROWS, 1);
    INDArray logits = Batches.uniform(2, ROWS, CLASSES).muli(4);
    INDArray half = Batches.classes(3, 2, ROWS).castTo(DataType.DOUBLE).reshape(ROWS, 1);
    for (INDArray mask : new INDArray[] {null, half}) {
      assertThat(loss.computeScore(column, logits.dup(), SOFTMAX, mask, false))
          .isCloseTo(plain.computeScore(oneHot, logits.dup(), SOFTMAX, mask, false), within(1e-12));
      INDArray expected = plain.computeGradient(oneHot, logits.dup(), SOFTMAX, mask);
      INDArray actual = loss.computeGradient(column, logits.dup(), SOFTMAX, mask);
      assertThat(actual.sub(expected).amaxNumber().doubleValue()).isLessThan(1e-15);
      assertThat(expected.amaxNumber().doubleValue()).isGreaterThan(0.1);
    }
  }

  @Test
  void labelsThatAreNotIntegersGoToTheOriginal() {
    INDArray indices = Batches.classes(1, CLASSES, ROWS);
    INDArray logits = Batches.uniform(2, ROWS, CLASSES);
    ClassIndexLoss loss = new ClassIndexLoss(new LossSparseMCXENT());
    INDArray asNumbers = indices.castTo(DataType.DOUBLE).reshape(ROWS, 1);
    assertThat(loss.computeScore(asNumbers, logits.dup(), SOFTMAX, null, true))
        .isCloseTo(
            loss.computeScore(indices.reshape(ROWS, 1), logits.dup(), SOFTMAX, null, true),
            within(1e-12));
  }

  @Test
  void extremeLogitsStayFinite() {
    INDArray logits = Nd4j.create(new double[][] {{1000, -1000}, {-1000, 1000}});
    INDArray labels = Nd4j.createFromArray(0, 0).reshape(2, 1);
    assertThat(
            new ClassIndexLoss(new LossMCXENT()).computeScore(labels, logits, SOFTMAX, null, false))
        .isCloseTo(2000, within(1e-9));
  }

  @Test
  void labelsOutOfRangeAreADataError() {
    ClassIndexLoss loss = new ClassIndexLoss(new LossMCXENT());
    INDArray logits = Batches.uniform(2, 1, CLASSES);
    for (int label : new int[] {-1, CLASSES}) {
      INDArray labels = Nd4j.createFromArray(label).reshape(1, 1);
      assertThatThrownBy(() -> loss.computeGradient(labels, logits, SOFTMAX, null))
          .isInstanceOfSatisfying(
              StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.DATA))
          .hasMessageContaining("Label " + label);
    }
  }
}
