package io.stagecoach.model.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;

/** What a GPT cannot take is refused with a reason. */
class RefusalsTest {

  @Test
  void tokensOutsideTheVocabulary() {
    MultiLayerNetwork network = Gpts.network(Gpts.tied());
    assertRefused(
        ErrorKind.DATA,
        "Token 11 ",
        () -> network.output(Nd4j.createFromArray(new int[][] {{11}})));
    assertRefused(
        ErrorKind.DATA,
        "Token -1 ",
        () -> network.output(Nd4j.createFromArray(new int[][] {{-1}})));
    INDArray features = Nd4j.createFromArray(new int[][] {{1, 2}});
    INDArray labels = Nd4j.createFromArray(new int[][] {{1, 11}});
    assertRefused(
        ErrorKind.DATA, "Label 11 ", () -> Gpts.gradientAndScore(network, features, labels, null));
    assertRefused(
        ErrorKind.DATA,
        "do not fit 1 sequences of 2 tokens",
        () -> Gpts.gradientAndScore(network, features, Gpts.tokens(1, 1, 3), null));
    // Under a mask of 0 anything may stand.
    INDArray mask = Nd4j.createFromArray(new double[][] {{1, 0}});
    assertThat(Gpts.gradientAndScore(network, features, labels, mask)).isPositive();
  }

  @Test
  void sequencesLongerThanTheContext() {
    MultiLayerNetwork network = Gpts.network(Gpts.tied());
    assertRefused(
        ErrorKind.DATA,
        "9 tokens is longer than the model's 8",
        () -> network.output(Gpts.tokens(1, 1, 9)));
  }

  @Test
  void settingsThatWouldHaveNoEffect() {
    MultiLayerConfiguration dropout =
        Gpts.configuration(Gpts.tied(), DataType.DOUBLE, 0, new Adam(0.01));
    dropout.getConf(1).getLayer().setIDropout(new Dropout(0.5));
    assertRefused(ErrorKind.MODEL, "dropout of its input", () -> Gpts.network(dropout));
    MultiLayerConfiguration noise =
        Gpts.configuration(Gpts.tied(), DataType.DOUBLE, 0, new Adam(0.01));
    ((BaseLayer) noise.getConf(4).getLayer()).setWeightNoise(new DropConnect(0.5));
    assertRefused(ErrorKind.MODEL, "weight noise", () -> Gpts.network(noise));
  }

  @Test
  void headsThatDoNotShareTheWidth() {
    assertRefused(
        ErrorKind.MODEL, "among 3 heads", () -> new TransformerBlock.Builder(8, 3).build());
  }

  @Test
  void anEmbeddingOfAnotherSize() {
    TiedOutput output = new TiedOutput(Gpts.WIDTH, Gpts.VOCABULARY + 1, TokenEmbedding.NAME);
    assertRefused(ErrorKind.MODEL, "12 tokens of width 8", () -> Gpts.network(output));
  }

  @Test
  void aComputePathThatIsNotThere() {
    String before = System.getProperty(ComputePaths.PROPERTY);
    System.setProperty(ComputePaths.PROPERTY, "abacus");
    try {
      assertRefused(ErrorKind.CONFIGURATION, "\"abacus\"", () -> ComputePaths.of(DataType.DOUBLE));
      System.setProperty(ComputePaths.PROPERTY, "nd4j");
      assertThat(ComputePaths.of(DataType.FLOAT)).isInstanceOf(Nd4jPath.class);
    } finally {
      if (before == null) {
        System.clearProperty(ComputePaths.PROPERTY);
      } else {
        System.setProperty(ComputePaths.PROPERTY, before);
      }
    }
  }

  private static void assertRefused(ErrorKind kind, String what, ThrowingCallable call) {
    StagecoachException refusal = catchThrowableOfType(StagecoachException.class, call);
    assertThat(refusal).isNotNull().hasMessageContaining(what);
    assertThat(refusal.kind()).isEqualTo(kind);
  }
}
