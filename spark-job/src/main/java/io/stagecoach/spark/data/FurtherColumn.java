package io.stagecoach.spark.data;

import java.io.Serializable;
import java.util.List;

/**
 * What a row holds beside the features and the label: the features of a further input, or the label
 * of a further output, always as an array of numbers, but for pictures.
 *
 * @param name what the model calls its input or output
 * @param stored what the batch store calls it
 * @param columns the columns of the table, as the user named them
 * @param content what the numbers are
 * @param shape the shape of one example; empty for a class
 * @param classes how many classes there are; 0 where there are none
 * @param pictures how they are read, where they are a column of pictures
 */
record FurtherColumn(
    String name,
    String stored,
    List<String> columns,
    Content content,
    List<Integer> shape,
    int classes,
    PictureForm pictures)
    implements Serializable {

  /** What the numbers are. */
  enum Content {
    FEATURES,
    /** Features that name something, which no scaling may change. */
    INDICES,
    VALUES,
    CLASS
  }

  FurtherColumn {
    columns = List.copyOf(columns);
    shape = List.copyOf(shape);
  }

  /** Whether it is of an input. */
  boolean isInput() {
    return content == Content.FEATURES || content == Content.INDICES;
  }

  /** How many numbers an example has. */
  int length() {
    return shape.stream().mapToInt(Integer::intValue).reduce(1, Math::multiplyExact);
  }

  /** Whether the last axis is time. */
  boolean hasTime() {
    return shape.size() == 2;
  }
}
