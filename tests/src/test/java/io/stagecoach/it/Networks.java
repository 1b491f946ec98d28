package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/** Trained networks beside each other. */
final class Networks {

  private Networks() {}

  /** To the last bit the same: weights, updater state, counters and configuration. */
  static void assertSame(MultiLayerNetwork one, MultiLayerNetwork other) {
    assertThat(one.params().toDoubleVector()).containsExactly(other.params().toDoubleVector());
    assertThat(one.getUpdater().getStateViewArray().toDoubleVector())
        .containsExactly(other.getUpdater().getStateViewArray().toDoubleVector());
    assertThat(one.getIterationCount()).isEqualTo(other.getIterationCount());
    assertThat(one.getEpochCount()).isEqualTo(other.getEpochCount());
    assertThat(one.getLayerWiseConfigurations().toJson())
        .isEqualTo(other.getLayerWiseConfigurations().toJson());
  }
}
