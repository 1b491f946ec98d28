package io.stagecoach.spark.job;

import io.stagecoach.engine.Loss;
import io.stagecoach.spark.data.TextFigures;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The metrics that a loss over many examples, with its confusion counts, gives. */
final class Metrics {

  private static final String PERPLEXITY = "perplexity";

  private Metrics() {}

  /** What {@link #of(Loss)} says, and for a text what {@link #ofText} says. */
  static Map<String, Double> of(Loss loss, Optional<TextFigures> text) {
    Map<String, Double> metrics = new LinkedHashMap<>(of(loss));
    text.ifPresent(figures -> metrics.putAll(ofText(loss, figures)));
    return metrics;
  }

  /** Perplexity (e to the loss for each token), and bits for each byte of the validation text. */
  static Map<String, Double> ofText(Loss loss, TextFigures text) {
    double perToken = loss.sum() / loss.timeSteps();
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put(PERPLEXITY, Math.exp(perToken));
    metrics.put("bits_per_byte", text.bitsPerByte(perToken));
    return metrics;
  }

  /**
   * For a classifier accuracy and macro F1 (the mean of the classes' F1 = 2 TP / (2 TP + FP + FN),
   * over the classes that occur or are predicted), and perplexity (e to the loss); nothing for
   * other models.
   */
  static Map<String, Double> of(Loss loss) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    List<Long> counts = loss.confusion();
    if (counts.isEmpty()) {
      return metrics;
    }
    int classes = (int) Math.round(Math.sqrt(counts.size()));
    long right = 0;
    long all = 0;
    double f1 = 0;
    int seen = 0;
    for (int c = 0; c < classes; c++) {
      long actual = 0;
      long predicted = 0;
      for (int other = 0; other < classes; other++) {
        actual += counts.get(c * classes + other);
        predicted += counts.get(other * classes + c);
      }
      long hits = counts.get(c * classes + c);
      right += hits;
      all += actual;
      if (actual + predicted > 0) {
        f1 += 2.0 * hits / (actual + predicted);
        seen++;
      }
    }
    metrics.put("accuracy", (double) right / all);
    metrics.put("f1", f1 / seen);
    metrics.put(PERPLEXITY, Math.exp(loss.sum() / loss.timeSteps()));
    return metrics;
  }
}
