package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The timelines' pages as a browser without a window draws them; the pictures stay in {@code
 * target/screenshots} for a person to look at. Skipped where there is no Chromium.
 */
class TimelineScreenshotIT {

  private static final List<String> BROWSERS =
      List.of("chromium", "chromium-browser", "google-chrome");
  private static final Path PICTURES = Path.of("target", "screenshots").toAbsolutePath();
  private static final int WIDTH = 1280;
  private static final int HEIGHT = 1000;

  @TempDir Path directory;
  private Path browser;

  private static Optional<Path> found() {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .flatMap(place -> BROWSERS.stream().map(name -> Path.of(place, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  @BeforeEach
  void aBrowserIsThere() {
    Optional<Path> there = found();
    assumeTrue(there.isPresent(), "none of " + BROWSERS + " is on the PATH: no pictures");
    browser = there.orElseThrow();
  }

  @Test
  void aRunsTimeline() throws Exception {
    Workshop workshop = new Workshop(directory);
    workshop.table(400);
    workshop.write("model.json", Workshop.classifier().toJson());
    Map<String, String> settings = workshop.classifierSettings();
    settings.put("spark.stagecoach.epochs", "100");
    settings.put("spark.stagecoach.maxSteps", "60");
    StagecoachProcess.Outcome outcome = workshop.run("train", settings);
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();

    assertDrawn(picture(workshop.path("out").resolve("timeline.html"), "run"));
  }

  @Test
  void simulatedTimelines() throws Exception {
    Path page = directory.resolve("simulated.html");
    String arguments =
        "simulate --schedule 1f1b,interleaved-1f1b,zb-h1 --stages 4 --micro-batches 8 --chunks 2"
            + " --hop 0.2 --timeline "
            + page;
    try (StagecoachProcess run =
        StagecoachProcess.start(directory, List.of(arguments.split(" ")))) {
      StagecoachProcess.Outcome outcome = run.await(Duration.ofMinutes(5));
      assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    }

    assertDrawn(picture(page, "simulated"));
  }

  private BufferedImage picture(Path page, String name) throws IOException, InterruptedException {
    Files.createDirectories(PICTURES);
    Path file = PICTURES.resolve(name + ".png");
    Files.deleteIfExists(file);
    Path said = directory.resolve("browser.log");
    Process process =
        new ProcessBuilder(
                browser.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--user-data-dir=" + directory.resolve("browser"),
                "--window-size=" + WIDTH + "," + HEIGHT,
                "--screenshot=" + file,
                page.toUri().toString())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    try {
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).as(Files.readString(said)).isTrue();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    assertThat(file).as(Files.readString(said)).exists();
    return ImageIO.read(file.toFile());
  }

  /** Of the size that was asked for, with text and bars: no colour has nearly all of it. */
  private static void assertDrawn(BufferedImage picture) {
    assertThat(picture.getWidth()).isEqualTo(WIDTH);
    assertThat(picture.getHeight()).isEqualTo(HEIGHT);
    Set<Integer> colours = new HashSet<>();
    int background = picture.getRGB(1, 1);
    long drawn = 0;
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        colours.add(picture.getRGB(x, y));
        drawn += picture.getRGB(x, y) == background ? 0 : 1;
      }
    }
    assertThat(colours).as("colours").hasSizeGreaterThan(50);
    assertThat((double) drawn / (WIDTH * HEIGHT)).as("drawn").isGreaterThan(0.05);
  }
}
