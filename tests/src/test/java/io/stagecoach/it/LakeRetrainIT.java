package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.Reader;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collector;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The samples of retraining on Delta and on Iceberg, with their own settings and fewer rows. */
class LakeRetrainIT {

  /** What brings a format into the session, each in a jar of its own. */
  private static final Map<String, List<String>> CLASSES =
      Map.of(
          "delta",
          List.of("io.delta.sql.DeltaSparkSessionExtension", "io.delta.storage.LogStore"),
          "iceberg",
          List.of("org.apache.iceberg.spark.SparkCatalog"));

  private static final Map<String, String> TABLES =
      Map.of("delta", "stagecoach-output/visits", "iceberg", "lake.shop.visits");

  @TempDir Path directory;

  /** Those of the sample, but for the processes' memory, and jars that are here already. */
  private static Map<String, String> settings(Workshop workshop, String format) throws IOException {
    Properties given = new Properties();
    Path file = StagecoachProcess.repository().resolve("conf/retraining-" + format + ".properties");
    try (Reader in = Files.newBufferedReader(file)) {
      given.load(in);
    }
    Map<String, String> settings = new TreeMap<>();
    given.stringPropertyNames().forEach(name -> settings.put(name, given.getProperty(name)));
    assertThat(settings.remove("spark.jars.packages")).contains(format);
    settings.put(
        "spark.jars", CLASSES.get(format).stream().map(LakeRetrainIT::jarOf).collect(joined()));
    settings.putAll(workshop.clusterSettings());
    settings.put("spark.sql.catalog.lake.warehouse", workshop.path("lake").toString());
    settings.put("spark.databricks.delta.snapshotPartitions", "1");
    settings.put("spark.stagecoach.epochs", "1");
    return settings;
  }

  private static Collector<CharSequence, ?, String> joined() {
    return Collectors.joining(",");
  }

  private static String jarOf(String className) {
    try {
      Class<?> found = Class.forName(className, false, LakeRetrainIT.class.getClassLoader());
      return Path.of(found.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    } catch (ReflectiveOperationException | URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"delta", "iceberg"})
  void aDayOfATableIsTrainedOnAndItsSnapshotRecorded(String format) throws IOException {
    Workshop workshop = new Workshop(directory);
    Map<String, String> settings = settings(workshop, format);
    List<String> write =
        List.of(
            "sample",
            "lake-data",
            "--master",
            "local[2]",
            "--properties-file",
            workshop.properties("lake-data", settings).toString(),
            "--",
            format,
            TABLES.get(format),
            "500");
    try (StagecoachProcess run = StagecoachProcess.start(directory, write)) {
      StagecoachProcess.Outcome outcome = run.await(Duration.ofMinutes(3));
      workshop.assertTidy(run, outcome);
      assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
      assertThat(outcome.out()).contains("500 rows for each day from 2026-11-18 to 2026-11-20");
    }

    try (StagecoachProcess run = workshop.start("retrain", settings, "--interval", "2026-11-18")) {
      StagecoachProcess.Outcome outcome = run.await(Duration.ofMinutes(3));
      workshop.assertTidy(run, outcome);
      assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
      assertThat(outcome.lastLine().get("decision").asText()).isEqualTo("promoted");
    }
    Path folder = workshop.path("stagecoach-output/retraining-" + format);
    JsonNode record =
        new ObjectMapper()
            .readTree(folder.resolve("intervals/2026-11-18/attempt-0001/record.json").toFile());
    assertThat(record.get("data").get("kind").asText()).isEqualTo(format);
    assertThat(record.get("settings").get("spark.stagecoach.data.filter").asText())
        .isEqualTo("day = '2026-11-18'");
    try (Stream<Path> pointers = Files.list(folder.resolve("accepted"))) {
      assertThat(pointers).hasSize(1);
    }
  }
}
