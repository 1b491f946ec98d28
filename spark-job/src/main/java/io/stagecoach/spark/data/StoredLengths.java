package io.stagecoach.spark.data;

import io.stagecoach.batch.ColumnSpec;
import io.stagecoach.batch.Columns;
import io.stagecoach.engine.dl4j.FeatureLengths;
import java.util.List;
import java.util.OptionalLong;

/**
 * What columns say of the features.
 *
 * @param columns those of a batch store
 * @param imageSize height and width of images, where known
 */
record StoredLengths(List<ColumnSpec> columns, List<Integer> imageSize) implements FeatureLengths {

  StoredLengths {
    columns = List.copyOf(columns);
    imageSize = List.copyOf(imageSize);
  }

  @Override
  public List<Integer> imageSize(String input) {
    return imageSize;
  }

  @Override
  public int timeSteps() {
    return columns.stream()
        .filter(column -> column.name().startsWith(Columns.FEATURES))
        .mapToInt(ColumnSpec::timeSteps)
        .max()
        .orElse(1);
  }

  @Override
  public OptionalLong numbers(String input) {
    return columns.stream()
        .filter(
            column ->
                column.name().equals(Columns.FEATURES)
                    || column.name().equals(Columns.features(input)))
        .mapToLong(ColumnSpec::rowElements)
        .findFirst();
  }
}
