package io.stagecoach.spark.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What of a source was read: by it, who has the source can read the same again, or at least tell
 * whether it is the same.
 *
 * @param source what a user calls the source: the path, the table's name
 * @param kind what the identity is of
 * @param id a Delta table's version, an Iceberg snapshot's id; of others a digest
 * @param table the identity of the table itself, where a dropped table of the same name could have
 *     had the same id
 */
public record DataSnapshot(String source, Kind kind, String id, Optional<String> table) {

  /** What an identity is of. */
  public enum Kind {
    /** A version of a Delta table. */
    DELTA("Delta version"),
    /** A snapshot of an Iceberg table. */
    ICEBERG("Iceberg snapshot"),
    /** Files, by name, size and time of change, and how rows are read from them. */
    FILES("files"),
    /** The contents of all rows, whatever their order. */
    ROWS("rows");

    private final String noun;

    Kind(String noun) {
      this.noun = noun;
    }

    /** The word that records have. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SOURCE = "source";
  private static final String KIND = "kind";
  private static final String ID = "id";
  private static final String TABLE = "table";

  /** Files as an identity. */
  static DataSnapshot ofFiles(String source, String files) {
    return new DataSnapshot(
        source, Kind.FILES, new Fingerprint().with("files", files).digest(), Optional.empty());
  }

  /** The rows' contents as an identity. */
  static DataSnapshot ofRows(String source, Object contents) {
    return new DataSnapshot(
        source, Kind.ROWS, new Fingerprint().with("rows", contents).digest(), Optional.empty());
  }

  /** As texts by name. */
  public Map<String, String> toTexts() {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put(SOURCE, source);
    texts.put(KIND, kind.word());
    texts.put(ID, id);
    table.ifPresent(text -> texts.put(TABLE, text));
    return texts;
  }

  /** As a JSON object. */
  public String toJson() {
    try {
      return JSON.writeValueAsString(toTexts());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("texts are always JSON", e);
    }
  }

  /**
   * What {@link #toJson} made.
   *
   * @throws IllegalArgumentException if it is something else
   */
  public static DataSnapshot fromJson(String json) {
    Map<String, String> texts;
    try {
      texts = JSON.readValue(json, new TypeReference<Map<String, String>>() {});
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("no snapshot of data: " + e.getOriginalMessage(), e);
    }
    if (!texts.keySet().containsAll(List.of(SOURCE, KIND, ID))) {
      throw new IllegalArgumentException("no snapshot of data: " + texts.keySet());
    }
    return new DataSnapshot(
        texts.get(SOURCE),
        Kind.valueOf(texts.get(KIND).toUpperCase(Locale.ROOT)),
        texts.get(ID),
        Optional.ofNullable(texts.get(TABLE)));
  }

  /** The identity without the name by which it was read. */
  String identity() {
    return kind.word() + " " + id + table.map(text -> " of " + text).orElse("");
  }

  @Override
  public String toString() {
    return kind.noun + " " + id + " of " + source;
  }
}
