package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.batch.Slice;
import io.stagecoach.batch.Slice.Split;
import io.stagecoach.engine.dl4j.Dl4jModel;
import io.stagecoach.spark.job.TimeSegments.Segment;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.junit.jupiter.api.Test;

class TimeSegmentsTest {

  private static Dl4jModel network(BackpropType type) {
    return Dl4jModel.parse(
        new NeuralNetConfiguration.Builder()
            .list()
            .layer(new LSTM.Builder().nIn(2).nOut(3).build())
            .layer(new RnnOutputLayer.Builder().nIn(3).nOut(2).build())
            .backpropType(type)
            .tBPTTLength(4)
            .build()
            .toJson());
  }

  @Test
  void cutsSequencesAsDl4jDoes() {
    assertThat(TimeSegments.of(network(BackpropType.TruncatedBPTT), 10).segments())
        .containsExactly(new Segment(0, 4), new Segment(4, 4), new Segment(8, 2));
  }

  @Test
  void leavesWholeWhatIsShortOrNotTruncated() {
    Slice slice = Slice.of(Split.TRAINING, 0, 0, 1);
    for (TimeSegments segments :
        new TimeSegments[] {
          TimeSegments.of(network(BackpropType.TruncatedBPTT), 4),
          TimeSegments.of(network(BackpropType.Standard), 10)
        }) {
      assertThat(segments.count()).isEqualTo(1);
      assertThat(segments.segments().get(0).of(slice)).isEqualTo(slice);
    }
  }
}
