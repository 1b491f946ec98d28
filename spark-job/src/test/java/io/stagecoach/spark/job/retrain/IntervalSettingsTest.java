package io.stagecoach.spark.job.retrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.StagecoachException;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class IntervalSettingsTest {

  private static final IntervalKey DAY = new IntervalKey("2026-11-19");

  private static SparkConf settings(String... namesAndValues) {
    SparkConf settings = new SparkConf(false);
    for (int i = 0; i < namesAndValues.length; i += 2) {
      settings.set("spark.stagecoach." + namesAndValues[i], namesAndValues[i + 1]);
    }
    return settings;
  }

  private static String get(SparkConf settings, String name) {
    return settings.get("spark.stagecoach." + name, "");
  }

  @Test
  void theIntervalStandsInPathsQueriesAndFilters() {
    SparkConf settings =
        settings(
            "data.path", "s3a://lake/day={interval}",
            "data.filter", "day > date_sub('{interval}', 7) and day <= '{interval}'",
            "retrain.heldOut.query", "SELECT * FROM t WHERE day < '{interval}'",
            "data.text", "{interval}");
    IntervalSettings.fill(settings, DAY);
    assertThat(get(settings, "data.path")).isEqualTo("s3a://lake/day=2026-11-19");
    assertThat(get(settings, "data.filter"))
        .isEqualTo("day > date_sub('2026-11-19', 7) and day <= '2026-11-19'");
    assertThat(get(settings, "retrain.heldOut.query"))
        .isEqualTo("SELECT * FROM t WHERE day < '2026-11-19'");
    assertThat(get(settings, "data.text")).as("nowhere else").isEqualTo("{interval}");
  }

  @Test
  void mustStandInOneThatIsTrainedOn() {
    SparkConf settings = settings("data.path", "t", "retrain.heldOut.filter", "day = '{interval}'");
    assertThatThrownBy(() -> IntervalSettings.requireInterval(settings))
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining("Every interval would read the same data");
    IntervalSettings.requireInterval(settings("data.query", "SELECT '{interval}'"));
  }

  @Test
  void heldOutDataElsewhereHasItsOwnFilterOrNone() {
    SparkConf settings =
        settings(
            "data.table",
            "visits",
            "data.filter",
            "day = 1",
            "data.version",
            "7",
            "data.features",
            "a,b",
            "retrain.heldOut.path",
            "golden");
    SparkConf heldOut = IntervalSettings.heldOut(settings);
    assertThat(get(heldOut, "data.path")).isEqualTo("golden");
    assertThat(get(heldOut, "data.table")).isEmpty();
    assertThat(get(heldOut, "data.filter")).isEmpty();
    assertThat(get(heldOut, "data.version")).isEmpty();
    assertThat(get(heldOut, "data.features")).isEqualTo("a,b");
    assertThat(get(settings, "data.table")).as("the given ones stay").isEqualTo("visits");

    settings.set("spark.stagecoach.retrain.heldOut.filter", "good");
    assertThat(get(IntervalSettings.heldOut(settings), "data.filter")).isEqualTo("good");
  }

  @Test
  void heldOutRowsOfTheSamePlaceHaveAnotherFilter() {
    SparkConf heldOut =
        IntervalSettings.heldOut(
            settings(
                "data.table",
                "visits",
                "data.filter",
                "day = 1",
                "data.version",
                "7",
                "retrain.heldOut.filter",
                "held"));
    assertThat(get(heldOut, "data.table")).isEqualTo("visits");
    assertThat(get(heldOut, "data.filter")).isEqualTo("held");
    assertThat(get(heldOut, "data.version")).isEqualTo("7");
  }

  /** Who only compares otherwise trains the same; secrets go into no record. */
  @Test
  void recordsHaveWhatTrainingDependsOn() {
    assertThat(
            IntervalSettings.ofTraining(
                settings(
                    "data.tokenizer", "bpe",
                    "data.options.password", "x",
                    "data.options.header", "true",
                    "retrain.margin", "0.1")))
        .isEqualTo(
            Map.of(
                "spark.stagecoach.data.tokenizer", "bpe",
                "spark.stagecoach.data.options.password", "(a secret)",
                "spark.stagecoach.data.options.header", "true"));
  }
}
