package io.stagecoach.spark.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the manifest of a batch store says beyond its chunks, as text: what was learned from the
 * data and what was counted.
 *
 * @param learned what was learned from the data
 * @param featureShape the shape of one example's features
 * @param counts how many examples there are
 * @param text how large the text is, where it is one
 * @param snapshot what of the source was read
 */
record StoreMetadata(
    Learned learned,
    List<Integer> featureShape,
    PreparedData.Counts counts,
    Optional<TextFigures> text,
    DataSnapshot snapshot) {

  private static final String SNAPSHOT = "snapshot";
  private static final String FEATURE_SHAPE = "feature_shape";
  private static final String ROWS_READ = "rows_read";
  private static final String ROWS_DROPPED = "rows_dropped";
  private static final String UNKNOWN_CATEGORIES = "unknown_categories";
  private static final String TRAINING = "training";
  private static final String VALIDATION = "validation";

  private static final ObjectMapper JSON = new ObjectMapper();

  /** As texts by name. */
  Map<String, String> toMap() {
    Map<String, String> texts = new TreeMap<>(learned.toTexts());
    try {
      texts.put(FEATURE_SHAPE, JSON.writeValueAsString(featureShape));
    } catch (JsonProcessingException impossible) {
      throw malformed(impossible);
    }
    texts.put(SNAPSHOT, snapshot.toJson());
    texts.put(ROWS_READ, String.valueOf(counts.read()));
    texts.put(ROWS_DROPPED, String.valueOf(counts.dropped()));
    texts.put(TRAINING, String.valueOf(counts.training()));
    texts.put(VALIDATION, String.valueOf(counts.validation()));
    texts.put(UNKNOWN_CATEGORIES, String.valueOf(counts.unknownCategories()));
    text.ifPresent(figures -> figures.put(texts));
    return texts;
  }

  /** What {@link #toMap} made. */
  static StoreMetadata fromMap(Map<String, String> texts) {
    try {
      return new StoreMetadata(
          Learned.fromTexts(texts),
          JSON.readValue(texts.get(FEATURE_SHAPE), new TypeReference<List<Integer>>() {}),
          new PreparedData.Counts(
              Long.parseLong(texts.get(ROWS_READ)),
              Long.parseLong(texts.get(ROWS_DROPPED)),
              Long.parseLong(texts.get(TRAINING)),
              Long.parseLong(texts.get(VALIDATION)),
              Long.parseLong(texts.get(UNKNOWN_CATEGORIES))),
          TextFigures.find(texts),
          DataSnapshot.fromJson(texts.get(SNAPSHOT)));
    } catch (JsonProcessingException | IllegalArgumentException malformed) {
      throw malformed(malformed);
    }
  }

  private static StagecoachException malformed(Exception cause) {
    return new StagecoachException(
        ErrorKind.DATA,
        "the manifest of a batch store is malformed",
        Where.nowhere(),
        "Delete the batch store.",
        cause);
  }
}
