package io.stagecoach.spark.data;

import static org.apache.spark.sql.functions.col;

import io.stagecoach.spark.config.Nearest;
import io.stagecoach.spark.config.Setting;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;

/** Finds a column of texts in a table. */
final class TextColumn {

  private TextColumn() {}

  /**
   * The column.
   *
   * @param name what a user calls the table
   * @param setting which names the column
   * @throws io.stagecoach.error.StagecoachException of kind DATA where there is no such column, or
   *     it holds no texts
   */
  static Column find(Dataset<Row> table, String column, String name, Setting<?> setting) {
    List<String> columns = List.of(table.columns());
    String found =
        columns.stream()
            .filter(candidate -> candidate.equalsIgnoreCase(column))
            .findFirst()
            .orElseThrow(
                () ->
                    DataErrors.data(
                        name + " has no column " + column,
                        "Correct "
                            + setting.key()
                            + Nearest.to(column, columns)
                                .map(nearest -> "; the nearest is " + nearest)
                                .orElse("")
                            + "."));
    Column text = col("`" + found.replace("`", "``") + "`");
    if (!table.select(text).schema().fields()[0].dataType().sameType(DataTypes.StringType)) {
      throw DataErrors.data(
          "the column " + found + " of " + name + " holds no texts",
          "Correct " + setting.key() + ".");
    }
    return text;
  }
}
