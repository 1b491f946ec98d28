package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program for DL4J on Spark, with a training master of ours, in executors of its own. */
class Dl4jSparkIT {

  private static final Pattern EPOCH =
      Pattern.compile("epoch (\\d+): (\\d+) iterations, score ([0-9.]+)");
  private static final Pattern ACCURACY =
      Pattern.compile("accuracy ([0-9.]+) on 400 examples that were held back");

  @Test
  void aProgramForDl4jTrainsInAPipelineAndEverySinkShowsIt(@TempDir Path directory)
      throws IOException {
    Workshop shop = new Workshop(directory);
    Map<String, String> settings = shop.clusterSettings();
    settings.put("spark.stagecoach.stages", "2");
    settings.put("spark.stagecoach.microBatches", "2");
    settings.put(
        "spark.metrics.conf.driver.sink.csv.class", "org.apache.spark.metrics.sink.CsvSink");
    Path sink = Files.createDirectory(directory.resolve("metrics"));
    settings.put("spark.metrics.conf.driver.sink.csv.directory", sink.toString());
    List<String> command =
        List.of(
            "sample",
            "dl4j-spark",
            "--properties-file",
            shop.properties("dl4j", settings).toString(),
            "--",
            "4000",
            "2");

    StagecoachProcess.Outcome outcome;
    try (StagecoachProcess run = StagecoachProcess.start(directory, command)) {
      outcome = run.await(Duration.ofMinutes(5));
      shop.assertTidy(run, outcome);
    }
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();

    List<Matcher> epochs = outcome.out().lines().map(EPOCH::matcher).filter(Matcher::find).toList();
    assertThat(epochs)
        .as(outcome.toString())
        .extracting(m -> m.group(2))
        .containsExactly("57", "114");
    Matcher accuracy = ACCURACY.matcher(outcome.out());
    assertThat(accuracy.find()).as(outcome.toString()).isTrue();
    assertThat(Double.parseDouble(accuracy.group(1))).isGreaterThan(0.4);

    assertThat(last(sink, "loss"))
        .as("the score that the program itself was told")
        .isEqualTo(epochs.get(1).group(3));
    assertThat(Double.parseDouble(last(sink, "bubble"))).isBetween(0.0, 1.0);
    assertThat(Double.parseDouble(last(sink, "examplesPerSecond"))).isPositive();
    assertThat(Double.parseDouble(last(sink, "stage.0.hop.bytes"))).isPositive();
    assertThat(Double.parseDouble(last(sink, "stage.1.memory.offHeap"))).isGreaterThan(1 << 20);
  }

  /** The last value of a metric, the first figure behind the time. */
  private static String last(Path sink, String metric) throws IOException {
    try (Stream<Path> files = Files.list(sink)) {
      Path file =
          files
              .filter(
                  f -> f.getFileName().toString().endsWith(".driver.stagecoach." + metric + ".csv"))
              .findFirst()
              .orElseThrow(() -> new AssertionError("no file of " + metric));
      List<String> lines = Files.readAllLines(file);
      double value = Double.parseDouble(lines.get(lines.size() - 1).split(",", -1)[1]);
      return String.format(Locale.ROOT, "%.4f", value);
    }
  }
}
