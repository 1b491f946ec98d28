package io.stagecoach.model.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.learning.config.Adam;

class WarmupScheduleTest {

  /** Worked out by hand: 4 steps up to 0.8, then 8 down to 0.2, from iteration 10 on. */
  @ParameterizedTest
  @CsvSource({
    "NONE, 0, 0.2",
    "NONE, 10, 0.2",
    "NONE, 11, 0.4",
    "NONE, 13, 0.8",
    "NONE, 14, 0.8",
    "NONE, 1000, 0.8",
    "LINEAR, 13, 0.8",
    "LINEAR, 14, 0.8",
    "LINEAR, 15, 0.725",
    "LINEAR, 18, 0.5",
    "LINEAR, 22, 0.2",
    "LINEAR, 99, 0.2",
    "COSINE, 14, 0.8",
    "COSINE, 16, 0.712132034356",
    "COSINE, 18, 0.5",
    "COSINE, 20, 0.287867965644",
    "COSINE, 22, 0.2",
    "COSINE, 99, 0.2"
  })
  void followsItsFormula(LearningRateDecay decay, int iteration, double rate) {
    assertThat(new WarmupSchedule(0.8, 10, 4, decay, 12, 0.2).valueAt(iteration, 3))
        .isCloseTo(rate, within(1e-12));
  }

  @Test
  void withoutAWarmUpItBeginsAtItsPeak() {
    WarmupSchedule schedule = new WarmupSchedule(1, 0, 0, LearningRateDecay.LINEAR, 4, 0);
    assertThat(schedule.valueAt(0, 0)).isEqualTo(1);
    assertThat(schedule.valueAt(1, 0)).isEqualTo(0.75);
    // Nothing is left for a decay after a warm-up as long as it.
    assertThat(new WarmupSchedule(1, 0, 4, LearningRateDecay.COSINE, 4, 0.5).valueAt(4, 0))
        .isEqualTo(0.5);
  }

  @Test
  void comesBackFromDl4jsJson() {
    WarmupSchedule schedule = new WarmupSchedule(0.01, 7, 3, LearningRateDecay.COSINE, 9, 1e-4);
    MultiLayerConfiguration network =
        new NeuralNetConfiguration.Builder()
            .updater(new Adam(schedule))
            .list()
            .layer(new OutputLayer.Builder().nIn(2).nOut(2).build())
            .build();
    MultiLayerConfiguration read = MultiLayerConfiguration.fromJson(network.toJson());
    BaseLayer layer = (BaseLayer) read.getConf(0).getLayer();
    assertThat(((Adam) layer.getIUpdater()).getLearningRateSchedule())
        .isEqualTo(schedule)
        .isNotSameAs(schedule);
    assertThat(schedule.clone()).isEqualTo(schedule);
    assertThat(network.toJson()).contains("WarmupSchedule").contains("\"firstStep\" : 7");
  }
}
