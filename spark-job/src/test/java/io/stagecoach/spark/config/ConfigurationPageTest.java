package io.stagecoach.spark.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ConfigurationPageTest {

  private static final String REGENERATE =
      "mvn -q -pl spark-job -am test -Dtest=ConfigurationPageTest"
          + " -Dsurefire.failIfNoSpecifiedTests=false -Dstagecoach.regenerate=true";

  /** Surefire runs in the module's directory. */
  private static final Path PAGE = Path.of("..", "docs", "configuration.md");

  @Test
  void isUpToDate() throws Exception {
    String expected = ConfigurationPage.render();
    if (Boolean.getBoolean("stagecoach.regenerate")) {
      Files.createDirectories(PAGE.getParent());
      Files.writeString(PAGE, expected);
    }
    assertThat(Files.exists(PAGE) ? Files.readString(PAGE) : "")
        .as("docs/configuration.md is stale; write it again with: %s", REGENERATE)
        .isEqualTo(expected);
  }
}
