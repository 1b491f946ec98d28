package io.stagecoach.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.error.ErrorKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** The page of what to do has a section for every kind of error, in the order of the codes. */
class TroubleshootingPageTest {

  private static final Path PAGE = Path.of("../docs/troubleshooting.md");

  @Test
  void everyKindHasItsSection() throws Exception {
    List<String> sections =
        Files.readAllLines(PAGE).stream().filter(line -> line.matches("## \\d+ `.*")).toList();
    assertThat(sections)
        .isEqualTo(
            Arrays.stream(ErrorKind.values())
                .map(kind -> "## " + kind.exitCode() + " `" + word(kind) + "`")
                .toList());
  }

  /** A section without a row says nothing. */
  @Test
  void everySectionSaysWhatToDo() throws Exception {
    String[] sections = Files.readString(PAGE).split("(?m)^## ", -1);
    assertThat(Arrays.stream(sections).filter(section -> section.matches("(?s)\\d+ `.*")))
        .hasSize(ErrorKind.values().length)
        .allSatisfy(section -> assertThat(section).containsPattern("(?m)^\\| [^-].* \\| .+ \\|$"));
  }

  private static String word(ErrorKind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }
}
