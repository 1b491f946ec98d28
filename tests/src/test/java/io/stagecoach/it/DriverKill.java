package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;

/** A driver that is killed at a checkpoint of its run. */
final class DriverKill {

  private DriverKill() {}

  /** Trains, and kills the driver as soon as a checkpoint of more steps than so many is there. */
  static void atCheckpointAfter(long steps, Workshop workshop, Map<String, String> settings)
      throws IOException {
    try (StagecoachProcess run = workshop.start("train", settings)) {
      atCheckpointAfter(steps, workshop, "out", run);
    }
  }

  /**
   * The same of a run that has begun.
   *
   * @param output where it would put its model
   */
  static void atCheckpointAfter(long steps, Workshop workshop, String output, StagecoachProcess run)
      throws IOException {
    long end = System.nanoTime() + Duration.ofMinutes(2).toNanos();
    while (newestCheckpoint(workshop, output) <= steps) {
      assertThat(System.nanoTime()).as(run.errSoFar()).isLessThan(end);
      assertThat(run.isOver()).as("the run is over%n%s", run.errSoFar()).isFalse();
      // The next steps take as long.
      Awaiting.sleep(5);
    }
    run.driver().destroyForcibly();
    run.await(Duration.ofSeconds(30));
    workshop.tidyAfterKill(run);
    assertThat(workshop.path(output)).as("the run was over too soon").doesNotExist();
  }

  /** The steps of the newest committed checkpoint of {@code out}; 0 where there is none. */
  static long newestCheckpoint(Workshop workshop) throws IOException {
    return newestCheckpoint(workshop, "out");
  }

  /** The same of another output. */
  static long newestCheckpoint(Workshop workshop, String output) throws IOException {
    Path checkpoints = workshop.path(output + ".checkpoints");
    if (!Files.isDirectory(checkpoints)) {
      return 0;
    }
    try (Stream<Path> all = Files.list(checkpoints)) {
      return all.filter(folder -> Files.exists(folder.resolve("manifest.json")))
          .map(folder -> folder.getFileName().toString())
          .sorted()
          .reduce((earlier, later) -> later)
          .map(name -> Long.valueOf(name.split("-", -1)[3]))
          .orElse(0L);
    }
  }
}
