package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class WholeModelRoomTest {

  private static final long MEBIBYTE = 1L << 20;

  private static WholeModelRoom room(long mebibytes, String... namesAndValues) {
    SparkConf settings = new SparkConf(false);
    for (int i = 0; i < namesAndValues.length; i += 2) {
      settings.set("spark.executor." + namesAndValues[i], namesAndValues[i + 1]);
    }
    return WholeModelRoom.of(mebibytes * MEBIBYTE, settings);
  }

  @Test
  void isHalfOfTheHeapOrOfWhatIsBesideIt() {
    // 1 GiB and 384 MiB are Spark's own.
    assertThat(room(192).isEnough()).isTrue();
    assertThat(room(193).isEnough()).isFalse();
    assertThat(room(512, "memoryOverhead", "2g").isEnough()).isTrue();
    assertThat(room(513, "memoryOverhead", "2g").isEnough()).isFalse();
    assertThat(room(1024, "memory", "4g", "memoryOverhead", "2048").isEnough()).isTrue();
    assertThat(room(1025, "memory", "4g", "memoryOverhead", "2048").isEnough()).isFalse();
  }

  @Test
  void itsLackIsSaidInFigures() {
    assertThat(room(193).lack()).contains("weights are 193.0 MiB", "room for 192.0 MiB");
  }
}
