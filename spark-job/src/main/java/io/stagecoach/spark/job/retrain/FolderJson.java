package io.stagecoach.spark.job.retrain;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;

/** The small files of a model folder as JSON, field for field. */
final class FolderJson {

  private static final ObjectMapper MAPPER =
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          // A later version may say more.
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  private FolderJson() {}

  static byte[] write(Object content) {
    try {
      return MAPPER.writeValueAsBytes(content);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a record of plain values is always JSON", e);
    }
  }

  /**
   * Reads what {@link #write} made.
   *
   * @throws IOException if it is something else
   */
  static <T> T read(byte[] json, Class<T> type) throws IOException {
    T content = MAPPER.readValue(json, type);
    if (content == null) {
      throw new IOException("it is empty");
    }
    return content;
  }
}
