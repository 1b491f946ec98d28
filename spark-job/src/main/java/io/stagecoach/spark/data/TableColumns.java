package io.stagecoach.spark.data;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import io.stagecoach.spark.config.Nearest;
import io.stagecoach.spark.config.Setting;
import io.stagecoach.spark.config.Settings;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import org.apache.spark.ml.functions;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;

/**
 * The columns of a table that the settings name, found to be there and of a type that can be read:
 * vectors, arrays of numbers, numbers, categories, pictures.
 */
final class TableColumns {

  private final StructType schema;
  private final Function<Column, Optional<String>> example;
  private final List<String> features;
  private final List<String> label;
  private final List<String> categorical;

  /**
   * @param categorical which columns have categories; others than those of the features may be
   *     among them
   * @param label empty where the labels are not looked at
   * @throws io.stagecoach.error.StagecoachException of kind DATA where a column is not there, or is
   *     of a type that holds no numbers
   */
  TableColumns(
      Dataset<Row> table, List<String> features, List<String> label, List<String> categorical) {
    this(table.schema(), column -> example(table, column), features, label, categorical);
  }

  /** Columns of which none has categories. */
  TableColumns(Dataset<Row> table, List<String> features, List<String> label) {
    this(table, features, label, List.of());
  }

  /** The columns of a table of which nothing is known but the schema. */
  TableColumns(
      StructType schema, List<String> features, List<String> label, List<String> categorical) {
    this(schema, column -> Optional.empty(), features, label, categorical);
  }

  private TableColumns(
      StructType schema,
      Function<Column, Optional<String>> example,
      List<String> features,
      List<String> label,
      List<String> categorical) {
    this.schema = schema;
    this.example = example;
    this.features = List.copyOf(features);
    this.label = List.copyOf(label);
    this.categorical = List.copyOf(categorical);
    features.forEach(column -> requireThere(Settings.DATA_FEATURES, column));
    label.forEach(column -> requireThere(Settings.DATA_LABEL, column));
    categorical().forEach(this::requireCategories);
    if (features.size() > 1 || (!isSequence(features.get(0)) && !isPicture(features.get(0)))) {
      features.stream()
          .filter(column -> !categorical.contains(column))
          .forEach(column -> requireNumeric(Settings.DATA_FEATURES, column));
    }
    if (label.size() > 1) {
      label.forEach(column -> requireNumeric(Settings.DATA_LABEL, column));
    } else if (!label.isEmpty() && !isSequence(label.get(0)) && !isName(label.get(0))) {
      requireNumeric(Settings.DATA_LABEL, label.get(0));
    }
  }

  List<String> features() {
    return features;
  }

  List<String> label() {
    return label;
  }

  /** The columns of the features that have categories, in the order of the features. */
  List<String> categorical() {
    return features.stream().filter(categorical::contains).toList();
  }

  /** Whether a column's categories are whole numbers. */
  boolean areWholeNumbers(String column) {
    return isWholeNumber(type(column));
  }

  /** The category of a column as a text. */
  Column category(String column) {
    requireCategories(column);
    return quoted(column).cast(DataTypes.StringType);
  }

  /** A column of numbers that a setting names. */
  Column number(Setting<?> setting, String column) {
    requireThere(setting, column);
    requireNumeric(setting, column);
    return quoted(column).cast(DataTypes.DoubleType);
  }

  /** Whether the label is one column of texts or truth values. */
  boolean labelIsName() {
    return label.size() == 1 && isName(label.get(0));
  }

  /** Whether the label is one number. */
  boolean labelIsNumber() {
    return label.size() == 1 && !isName(label.get(0)) && !isSequence(label.get(0));
  }

  /** The column of pictures that the features are, as their files; empty where they are numbers. */
  Optional<Column> pictures() {
    return features.size() == 1 && isPicture(features.get(0))
        ? Optional.of(quoted(features.get(0)))
        : Optional.empty();
  }

  /** The features of a row as one array of floats, or the file of a picture. */
  Column featureValues(DataType element) {
    return values(features, element);
  }

  /** The label of a row as one array of floats. */
  Column labelArray(DataType element) {
    return values(label, element);
  }

  /** Other columns of a row as one array of floats, or the file of a picture. */
  Column valuesOf(List<String> columns, DataType element) {
    return values(columns, element);
  }

  /** The label of a row as the name of its class. */
  Column labelText() {
    return quoted(label.get(0)).cast(DataTypes.StringType);
  }

  /** The label of a row as one number. */
  Column labelNumber() {
    return quoted(label.get(0)).cast(DataTypes.DoubleType);
  }

  private Column values(List<String> columns, DataType element) {
    if (columns.size() == 1 && isPicture(columns.get(0))) {
      return quoted(columns.get(0));
    }
    if (columns.size() > 1 || !isSequence(columns.get(0))) {
      return array(
          columns.stream()
              .map(name -> categorical.contains(name) ? lit(0) : quoted(name))
              .map(column -> column.cast(element))
              .toArray(Column[]::new));
    }
    Column column = quoted(columns.get(0));
    if (isVector(type(columns.get(0)))) {
      String name = element.equals(DataTypes.FloatType) ? "float32" : "float64";
      return when(column.isNotNull(), functions.vector_to_array(column, name))
          .otherwise(lit(null).cast(DataTypes.createArrayType(element)));
    }
    return column.cast(DataTypes.createArrayType(element));
  }

  private void requireThere(Setting<?> setting, String column) {
    List<String> all = Arrays.asList(schema.fieldNames());
    if (!all.contains(column)) {
      throw DataErrors.data(
          "there is no column " + column + " in the data, which has " + String.join(", ", all),
          "Correct "
              + setting.key()
              + Nearest.to(column, all).map(nearest -> "; the nearest is " + nearest).orElse("")
              + ".");
    }
  }

  private void requireNumeric(Setting<?> setting, String column) {
    DataType type = type(column);
    if (!(type instanceof NumericType) && !(type instanceof BooleanType)) {
      throw DataErrors.data(
          "the column "
              + column
              + " is of type "
              + type.simpleString()
              + example
                  .apply(quoted(column))
                  .map(text -> ", for instance '" + text + "'")
                  .orElse("")
              + ", but "
              + setting.key()
              + " takes numbers, or one column of vectors or arrays of numbers"
              + (setting.equals(Settings.DATA_FEATURES) ? ", or of the files of pictures" : ""),
          isSparksImage(type)
              ? "Read the files with "
                  + Settings.DATA_FORMAT.key()
                  + "=binaryFile, whose column content has pictures as they are."
              : "Name other columns, or convert this one to numbers.");
    }
  }

  private void requireCategories(String column) {
    DataType type = type(column);
    if (!isWholeNumber(type) && !isName(column)) {
      throw DataErrors.data(
          "the column "
              + column
              + " is of type "
              + type.simpleString()
              + ", but "
              + Settings.DATA_CATEGORICAL.key()
              + " takes texts, whole numbers and truth values",
          "Name other columns, or convert this one.");
    }
  }

  private static Optional<String> example(Dataset<Row> table, Column column) {
    List<Row> rows = table.select(column.cast(DataTypes.StringType)).na().drop().takeAsList(1);
    return rows.stream().findFirst().map(row -> row.getString(0));
  }

  /** How many numbers the features have, where the columns alone say it. */
  OptionalInt featureCount() {
    return features.size() > 1 || (!isSequence(features.get(0)) && !isPicture(features.get(0)))
        ? OptionalInt.of(features.size())
        : OptionalInt.empty();
  }

  private boolean isSequence(String column) {
    DataType type = type(column);
    return isVector(type)
        || (type instanceof ArrayType array
            && (array.elementType() instanceof NumericType
                || array.elementType() instanceof BooleanType));
  }

  private boolean isPicture(String column) {
    return type(column) instanceof BinaryType;
  }

  /** Whether it is what Spark's own source of images makes. */
  private static boolean isSparksImage(DataType type) {
    return type instanceof StructType struct
        && Arrays.asList(struct.fieldNames()).containsAll(List.of("nChannels", "mode", "data"));
  }

  private boolean isName(String column) {
    return type(column) instanceof StringType || type(column) instanceof BooleanType;
  }

  private static boolean isWholeNumber(DataType type) {
    return type instanceof ByteType
        || type instanceof ShortType
        || type instanceof IntegerType
        || type instanceof LongType;
  }

  private static boolean isVector(DataType type) {
    return type.equals(SQLDataTypes.VectorType());
  }

  private DataType type(String column) {
    return schema.fields()[schema.fieldIndex(column)].dataType();
  }

  private static Column quoted(String column) {
    return col("`" + column.replace("`", "``") + "`");
  }
}
