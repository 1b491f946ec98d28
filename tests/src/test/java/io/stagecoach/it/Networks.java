package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Trained networks beside each other. */
final class Networks {

  private Networks() {}

  /** To the last bit the same: weights, updater state, counters and configuration. */
  static void assertSame(MultiLayerNetwork one, MultiLayerNetwork other) {
    assertSameState(one, other);
    assertThat(one.getLayerWiseConfigurations().toJson())
        .isEqualTo(other.getLayerWiseConfigurations().toJson());
  }

  /** AssertJ compares a million numbers for minutes. */
  private static void assertSame(INDArray one, INDArray other) {
    assertThat(Arrays.mismatch(one.toDoubleVector(), other.toDoubleVector()))
        .as("the first of %d numbers that differs", one.length())
        .isEqualTo(-1);
  }

  /** The same but for the configuration, in which a run notes how long it was to be. */
  static void assertSameState(MultiLayerNetwork one, MultiLayerNetwork other) {
    assertSame(one.params(), other.params());
    assertSame(one.getUpdater().getStateViewArray(), other.getUpdater().getStateViewArray());
    assertThat(one.getIterationCount()).isEqualTo(other.getIterationCount());
    assertThat(one.getEpochCount()).isEqualTo(other.getEpochCount());
  }
}
