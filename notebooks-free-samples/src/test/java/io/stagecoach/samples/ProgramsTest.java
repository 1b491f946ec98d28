package io.stagecoach.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs as they are, on few examples and in one process, which hosts the only stage. */
class ProgramsTest {

  @TempDir Path directory;
  private final Map<String, String> before = new HashMap<>();
  private final PrintStream out = System.out;
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

  @BeforeEach
  void settings() {
    set("spark.master", "local[2]");
    set("spark.ui.enabled", "false");
    set("spark.driver.bindAddress", "127.0.0.1");
    set("spark.driver.host", "127.0.0.1");
    set("spark.sql.shuffle.partitions", "2");
    set("spark.sql.codegen.wholeStage", "false");
    set("spark.stagecoach.stages", "1");
    set("spark.stagecoach.batchStore.path", directory.resolve("batches").toString());
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
  }

  /** As spark-submit gives a program its settings. */
  private void set(String key, String value) {
    before.put(key, System.setProperty(key, value));
  }

  @AfterEach
  void restore() {
    System.setOut(out);
    before.forEach(
        (key, value) -> {
          if (value == null) {
            System.clearProperty(key);
          } else {
            System.setProperty(key, value);
          }
        });
  }

  private double printed(String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(printed.toString(StandardCharsets.UTF_8));
    assertThat(matcher.find()).as(printed.toString(StandardCharsets.UTF_8)).isTrue();
    return Double.parseDouble(matcher.group(1));
  }

  @Test
  void picturesOfABinaryColumnAreLearned() {
    Images.main(new String[] {"500", "4", directory.resolve("pictures").toString()});
    assertThat(directory.resolve("pictures/_SUCCESS")).exists();
    assertThat(printed("accuracy on \\d+ pictures held back: (0\\.\\d+|1\\.0+)"))
        .as("a quarter would be chance")
        .isGreaterThan(0.45);
  }

  @Test
  void stepsOfSequencesAreLabelled() {
    SequenceLabels.main(new String[] {"600", "6"});
    assertThat(printed("accuracy (0\\.\\d+|1\\.0+) on \\d+ steps of 60 sequences"))
        .as("half of the steps are within a phrase")
        .isGreaterThan(0.7);
    // Padding is not counted.
    assertThat(printed("on (\\d+) steps")).isBetween(60.0 * 6, 60.0 * 20);
  }
}
