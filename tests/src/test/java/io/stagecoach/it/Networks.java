package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/** Trained networks beside each other. */
final class Networks {

  private Networks() {}

  /** To the last bit the same: weights, updater state, counters and configuration. */
  static void assertSame(MultiLayerNetwork one, MultiLayerNetwork other) {
    assertSameState(one, other);
    assertThat(one.getLayerWiseConfigurations().toJson())
        .isEqualTo(other.getLayerWiseConfigurations().toJson());
  }

  /** The same but for the configuration, in which a run notes how long it was to be. */
  static void assertSameState(MultiLayerNetwork one, MultiLayerNetwork other) {
    assertThat(one.params().toDoubleVector()).containsExactly(other.params().toDoubleVector());
    assertThat(one.getUpdater().getStateViewArray().toDoubleVector())
        .containsExactly(other.getUpdater().getStateViewArray().toDoubleVector());
    assertThat(one.getIterationCount()).isEqualTo(other.getIterationCount());
    assertThat(one.getEpochCount()).isEqualTo(other.getEpochCount());
  }
}
