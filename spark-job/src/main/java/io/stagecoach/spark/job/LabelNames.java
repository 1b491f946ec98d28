package io.stagecoach.spark.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.io.IOException;
import java.util.List;

/** The classes' names as a JSON array, in the order of their indices. */
final class LabelNames {

  private static final ObjectMapper JSON = new ObjectMapper();

  private LabelNames() {}

  static String write(List<String> names) {
    try {
      return JSON.writeValueAsString(names);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a list of texts is always JSON", e);
    }
  }

  static List<String> parse(String json) {
    try {
      return List.of(JSON.readValue(json, String[].class));
    } catch (IOException e) {
      throw new StagecoachException(
          ErrorKind.MODEL,
          "The labels' names in the model are damaged: " + e.getMessage(),
          Where.nowhere(),
          "Use another copy of the model.",
          e);
    }
  }
}
