package io.stagecoach.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * What a checkpoint's files must be. It is written last: a folder without one is no checkpoint. Its
 * own text has a checksum too.
 *
 * @param format the version of the checkpoint's form
 * @param writtenMillis when it was written, in milliseconds since 1970
 * @param files every other file, by name
 * @param check the checksum of this text with zeros in its own place, eight hexadecimal digits
 */
record CheckpointManifest(
    int format, long writtenMillis, Map<String, FileSum> files, String check) {

  /** The version that this code writes. */
  static final int FORMAT = 1;

  private static final String NO_CHECK = "00000000";
  private static final String CHECK = "\"check\" : \"";

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /**
   * A file.
   *
   * @param bytes its length
   * @param crc32c the checksum of all of it
   */
  record FileSum(long bytes, long crc32c) {}

  CheckpointManifest {
    files = Collections.unmodifiableMap(new TreeMap<>(files));
  }

  static CheckpointManifest of(long writtenMillis, Map<String, FileSum> files) {
    return new CheckpointManifest(FORMAT, writtenMillis, files, NO_CHECK);
  }

  /** The file's bytes. */
  byte[] write() {
    try {
      String text =
          JSON.writeValueAsString(new CheckpointManifest(format, writtenMillis, files, NO_CHECK));
      return withCheck(text, sum(text)).getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a manifest of plain values is always JSON", e);
    }
  }

  /**
   * Reads a file's bytes.
   *
   * @throws IOException where they are not what was written
   */
  static CheckpointManifest read(byte[] bytes) throws IOException {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int at = text.lastIndexOf(CHECK);
    if (at < 0 || at + CHECK.length() + NO_CHECK.length() > text.length()) {
      throw new IOException("its manifest has no checksum");
    }
    int from = at + CHECK.length();
    String check = text.substring(from, from + NO_CHECK.length());
    if (!check.equals(sum(withCheck(text, NO_CHECK)))) {
      throw new IOException("its manifest is not what was written: its checksum differs");
    }
    CheckpointManifest manifest = JSON.readValue(bytes, CheckpointManifest.class);
    if (manifest == null) {
      throw new IOException("its manifest is empty");
    }
    if (manifest.format() != FORMAT) {
      throw new IOException("it has format " + manifest.format() + ", which is not known");
    }
    return manifest;
  }

  private static String withCheck(String text, String check) {
    int from = text.lastIndexOf(CHECK) + CHECK.length();
    return text.substring(0, from) + check + text.substring(from + check.length());
  }

  private static String sum(String text) {
    CRC32C crc = new CRC32C();
    crc.update(text.getBytes(StandardCharsets.ISO_8859_1));
    return String.format(Locale.ROOT, "%08x", crc.getValue());
  }
}
