package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The job by its coordinates: {@code spark-submit} fetches it from a Maven repository, and its
 * executors get it from the driver.
 */
class PackagesIT {

  @TempDir private Path directory;

  @Test
  void theJobRunsByItsCoordinates() throws IOException {
    Workshop workshop = new Workshop(directory);
    workshop.table(400);
    workshop.write("model.json", Workshop.classifier().toJson());
    PublishedJob published = new PublishedJob(directory);
    Path home = Built.linkedSparkHome(directory);
    StagecoachProcess.Outcome outcome;
    try (StagecoachProcess run =
        published.train(workshop, home, workshop.classifierSettings(), Map.of())) {
      outcome = run.await(Duration.ofMinutes(4));
      run.awaitNoProcess();
    }

    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    assertThat(outcome.lastLine().get("status").asText()).isEqualTo("succeeded");
    assertThat(published.fetched()).containsExactly(published.fetchedJar());
    try (Stream<Path> work = Files.walk(home.resolve("work"))) {
      assertThat(work.filter(file -> file.getFileName().toString().equals(published.fetchedJar())))
          .as("each executor has the jar from the driver")
          .hasSize(2);
    }
  }
}
