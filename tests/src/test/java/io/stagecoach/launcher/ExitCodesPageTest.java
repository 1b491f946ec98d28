package io.stagecoach.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.error.ErrorKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** The page of exit codes lists every kind of error with its code, in the order of the codes. */
class ExitCodesPageTest {

  @Test
  void everyKindHasItsRow() throws Exception {
    List<String> rows =
        Files.readAllLines(Path.of("../docs/exit-codes.md")).stream()
            .filter(line -> line.matches("\\| \\d+ \\| `.*"))
            .map(line -> line.replaceAll("^(\\| \\d+ \\| `[a-z_]+` \\|).*", "$1"))
            .toList();
    List<String> kinds =
        Arrays.stream(ErrorKind.values())
            .map(
                kind ->
                    "| " + kind.exitCode() + " | `" + kind.name().toLowerCase(Locale.ROOT) + "` |")
            .toList();
    assertThat(rows).isEqualTo(kinds);
  }
}
