package io.stagecoach.spark.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;

/**
 * From which columns an input of a network was trained, so that other tables are read likewise.
 *
 * @param name what the model calls its input; empty where it has only one
 * @param columns the columns in the order of the features, or one column of vectors or arrays
 * @param numbers how many numbers an example had
 * @param categorical those of the columns that are categories, in the order of their places
 * @param imageSize height and width of the pictures of a column of pictures; else empty
 */
public record InputColumns(
    String name,
    List<String> columns,
    int numbers,
    List<CategoricalColumn> categorical,
    List<Integer> imageSize) {

  private static final ObjectMapper JSON = new ObjectMapper();

  public InputColumns {
    columns = List.copyOf(columns);
    // Models of before there were categories, or pictures, say nothing of them.
    categorical = categorical == null ? List.of() : List.copyOf(categorical);
    imageSize = imageSize == null ? List.of() : List.copyOf(imageSize);
  }

  /** Columns of which none has categories or pictures. */
  public InputColumns(String name, List<String> columns, int numbers) {
    this(name, columns, numbers, List.of());
  }

  /** Columns of which none has pictures. */
  public InputColumns(
      String name, List<String> columns, int numbers, List<CategoricalColumn> categorical) {
    this(name, columns, numbers, categorical, List.of());
  }

  /** Those of a model as a JSON array. */
  public static String toJson(List<InputColumns> inputs) {
    try {
      return JSON.writeValueAsString(inputs);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("names and numbers are always JSON", e);
    }
  }

  /**
   * What {@link #toJson} made.
   *
   * @throws IllegalArgumentException if it is something else
   */
  public static List<InputColumns> fromJson(String json) {
    try {
      return JSON.readValue(json, new TypeReference<List<InputColumns>>() {});
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("no columns of inputs: " + e.getOriginalMessage(), e);
    }
  }
}
