package io.stagecoach.spark.data;

import static org.apache.spark.sql.functions.col;

import java.io.IOException;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What one of a column's pictures is, before the network has said what all must be.
 *
 * @param height in pixels
 * @param width in pixels
 * @param channels 1 of grey, 3 of colors
 */
record PictureSample(int height, int width, int channels) {

  /** Some may be broken. */
  private static final int LOOKED_AT = 20;

  /**
   * The first that can be read.
   *
   * @throws io.stagecoach.error.StagecoachException of kind DATA where none of the first can be
   */
  static PictureSample first(Dataset<Row> table, Column column, String name) {
    List<Row> rows =
        table.select(column.as("picture")).filter(col("picture").isNotNull()).takeAsList(LOOKED_AT);
    IOException why = null;
    for (Row row : rows) {
      try {
        return of(row.getAs(0));
      } catch (IOException e) {
        why = e;
      }
    }
    throw DataErrors.data(
        "none of the first "
            + rows.size()
            + " pictures in the column "
            + name
            + " can be read"
            + (why == null ? "" : ": " + why.getMessage()),
        "Name the column of the pictures' files, PNG or JPEG for instance, as their bytes are.");
  }

  private static PictureSample of(byte[] bytes) throws IOException {
    try (PictureFile file = PictureFile.of(bytes)) {
      int colors = file.image().getColorModel().getNumColorComponents();
      return new PictureSample(file.height(), file.width(), colors == 1 ? 1 : 3);
    }
  }

  /** Height and width. */
  List<Integer> size() {
    return List.of(height, width);
  }

  /** How many numbers it has. */
  int numbers() {
    return Math.multiplyExact(Math.multiplyExact(height, width), channels);
  }
}
