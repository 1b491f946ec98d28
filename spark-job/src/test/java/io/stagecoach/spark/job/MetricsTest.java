package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.engine.Loss;
import io.stagecoach.spark.data.TextFigures;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.factory.Nd4j;

class MetricsTest {

  @Test
  void agreeWithDl4jsOwnEvaluation() {
    int classes = 4;
    Random random = new Random(5);
    Evaluation reference = new Evaluation(classes);
    long[] counts = new long[classes * classes];
    for (int i = 0; i < 500; i++) {
      int actual = random.nextInt(classes);
      int predicted = random.nextBoolean() ? actual : random.nextInt(classes);
      counts[actual * classes + predicted]++;
      reference.eval(
          Nd4j.zeros(1, classes).putScalar(0, actual, 1),
          Nd4j.zeros(1, classes).putScalar(0, predicted, 1));
    }
    Map<String, Double> metrics = Metrics.of(new Loss(250, 500, 500, list(counts)));
    assertThat(metrics.get("accuracy")).isCloseTo(reference.accuracy(), within(1e-12));
    assertThat(metrics.get("f1")).isCloseTo(reference.f1(), within(1e-6));
    assertThat(metrics.get("perplexity")).isCloseTo(Math.exp(0.5), within(1e-12));
  }

  @Test
  void classesThatNeverOccurDoNotCount() {
    assertThat(Metrics.of(new Loss(0, 3, 3, List.of(2L, 0L, 0L, 0L, 1L, 0L, 0L, 0L, 0L))))
        .containsEntry("accuracy", 1.0)
        .containsEntry("f1", 1.0);
  }

  @Test
  void aModelOfValuesHasNone() {
    assertThat(Metrics.of(new Loss(1, 2, 2, List.of()))).isEmpty();
  }

  /** 12 nats over 8 tokens of 20 bytes. */
  @Test
  void aTextHasPerplexityAndBitsPerByte() {
    Map<String, Double> metrics =
        Metrics.of(new Loss(12, 2, 8, List.of()), Optional.of(new TextFigures(100, 3, 8, 20)));
    assertThat(metrics).containsOnlyKeys("perplexity", "bits_per_byte");
    assertThat(metrics.get("perplexity")).isCloseTo(Math.exp(1.5), within(1e-12));
    assertThat(metrics.get("bits_per_byte")).isCloseTo(12 / 20.0 / Math.log(2), within(1e-12));
  }

  private static List<Long> list(long[] counts) {
    List<Long> list = new ArrayList<>();
    for (long count : counts) {
      list.add(count);
    }
    return list;
  }
}
