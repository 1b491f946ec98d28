package io.stagecoach.spark.data;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Identifies a batch store by everything that its content depends on. */
final class Fingerprint {

  /** Changes with every change of what is stored for the same data and settings. */
  private static final String FORMAT = "stagecoach-batches-3";

  private final Map<String, String> facts = new TreeMap<>();

  /** This and one fact more. */
  Fingerprint with(String name, Object value) {
    facts.put(name, String.valueOf(value));
    return this;
  }

  /** Bytes as a fact. */
  static String of(Optional<byte[]> bytes) {
    return bytes.map(HexFormat.of()::formatHex).orElse("");
  }

  /** The fingerprint as 32 hexadecimal digits. */
  String digest() {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update(FORMAT.getBytes(StandardCharsets.UTF_8));
      facts.forEach(
          (name, value) ->
              sha.update(
                  ("\n" + name + ":" + value.length() + ":" + value)
                      .getBytes(StandardCharsets.UTF_8)));
      return HexFormat.of().formatHex(sha.digest(), 0, 16);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every JDK has SHA-256", impossible);
    }
  }
}
