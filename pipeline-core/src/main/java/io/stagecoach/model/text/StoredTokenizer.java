package io.stagecoach.model.text;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.util.List;

/**
 * A tokenizer as it is stored.
 *
 * @param format its kind, and the version of the form
 * @param codePoints the characters of a {@link Vocabulary}
 * @param merges the pairs of a {@link BytePairTokenizer}, one behind another
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record StoredTokenizer(String format, List<Integer> codePoints, List<Integer> merges) {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  static StoredTokenizer of(String format) {
    return new StoredTokenizer(format, null, null);
  }

  static String write(StoredTokenizer stored) {
    try {
      return MAPPER.writeValueAsString(stored);
    } catch (JsonProcessingException impossible) {
      throw new StagecoachException(
          ErrorKind.INTERNAL, "a tokenizer is not JSON", Where.nowhere(), "", impossible);
    }
  }

  static Tokenizer parse(String json) {
    StoredTokenizer stored;
    try {
      stored = MAPPER.readValue(json, StoredTokenizer.class);
    } catch (JsonProcessingException malformed) {
      throw notOne(malformed);
    }
    String format = stored == null || stored.format == null ? "" : stored.format;
    return switch (format) {
      case ByteTokenizer.FORMAT -> new ByteTokenizer();
      case Vocabulary.FORMAT -> vocabulary(stored);
      case BytePairTokenizer.FORMAT -> bytePairs(stored);
      default -> throw notOne(null);
    };
  }

  private static Vocabulary vocabulary(StoredTokenizer stored) {
    if (stored.codePoints == null || stored.codePoints.contains(null)) {
      throw notOne(null);
    }
    return new Vocabulary(stored.codePoints);
  }

  private static BytePairTokenizer bytePairs(StoredTokenizer stored) {
    if (stored.merges == null || stored.merges.contains(null)) {
      throw notOne(null);
    }
    return new BytePairTokenizer(stored.merges.stream().mapToInt(Integer::intValue).toArray());
  }

  private static StagecoachException notOne(Throwable cause) {
    return new StagecoachException(
        ErrorKind.DATA,
        "this is not the JSON of a tokenizer",
        Where.nowhere(),
        "Give the tokenizer that was saved with the model.",
        cause);
  }
}
