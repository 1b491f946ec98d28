package io.stagecoach.fuzz;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;

/**
 * Inputs that were worth keeping: a file for each target, a line of hexadecimal digits for each.
 */
final class Corpus {

  private Corpus() {}

  private static String file(String target) {
    return target.replace(' ', '-') + ".hex";
  }

  /** What is kept with the tests. */
  static List<byte[]> of(String target) {
    try (InputStream in = Corpus.class.getResourceAsStream(file(target))) {
      return in == null
          ? List.of()
          : new String(in.readAllBytes(), StandardCharsets.US_ASCII)
              .lines()
              .map(HexFormat.of()::parseHex)
              .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes inputs into a folder. */
  static void write(Path folder, String target, List<byte[]> inputs) throws IOException {
    Files.createDirectories(folder);
    Files.write(
        folder.resolve(file(target)), inputs.stream().map(HexFormat.of()::formatHex).toList());
  }
}
