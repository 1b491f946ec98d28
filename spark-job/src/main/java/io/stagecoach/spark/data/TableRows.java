package io.stagecoach.spark.data;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.shiftrightunsigned;
import static org.apache.spark.sql.functions.xxhash64;

import io.stagecoach.spark.config.Settings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * The rows of a table with their place in the batch store: a pure function of the seed and of the
 * row's own values, whatever files and partitions it comes from.
 *
 * <p>Columns, by position: whether the row is of the validation part, its bucket, its rank within
 * the bucket, its features (the file of a picture as it is), its label, the arrays of further
 * inputs and outputs, and where there are any, the array of its categories and its weight. The
 * weight does not change a row's place: how much a row counts is not what it is.
 */
final class TableRows {

  static final int FEATURES = StoreRows.PAYLOAD;
  static final int LABEL = StoreRows.PAYLOAD + 1;

  /** The first of what further inputs and outputs need. */
  static final int FURTHER = StoreRows.PAYLOAD + 2;

  private static final String FEATURES_NAME = "features";
  private static final String LABEL_NAME = "label";
  private static final String CATEGORIES_NAME = "categories";
  private static final String WEIGHT_NAME = "weight";

  private TableRows() {}

  /** Where a row has the array of its categories, if it has any. */
  static int categories(TableForm form) {
    return FURTHER + form.further().size();
  }

  /** Where a row has its weight, if it has one. */
  static int weight(TableForm form) {
    return categories(form) + (form.hasCategories() ? 1 : 0);
  }

  /** The categories of the rows of the training part, as the only column. */
  static Dataset<Row> trainingCategories(Dataset<Row> rows) {
    return rows.filter(not(col(StoreRows.VALIDATION_NAME))).select(col(CATEGORIES_NAME));
  }

  /** The columns by which rows of equal rank are told apart. */
  static List<String> ties(TableForm form) {
    List<String> ties = new ArrayList<>(List.of(FEATURES_NAME, LABEL_NAME));
    form.further().forEach(further -> ties.add("`" + further.stored() + "`"));
    if (form.hasCategories()) {
      ties.add(CATEGORIES_NAME);
    }
    if (form.weighting().hasColumn()) {
      ties.add(WEIGHT_NAME);
    }
    return ties;
  }

  /**
   * @param validationShare the share of validation rows; 1 for all
   * @param buckets how many buckets there are in each part
   */
  static Dataset<Row> of(
      Dataset<Row> table,
      TableColumns columns,
      TableForm form,
      long seed,
      double validationShare,
      StoreRows.Buckets buckets) {
    DataType element =
        form.dataType() == org.nd4j.linalg.api.buffer.DataType.FLOAT
            ? DataTypes.FloatType
            : DataTypes.DoubleType;
    Column label =
        switch (form.label()) {
          case NAME -> columns.labelText();
          case CLASS -> columns.labelNumber();
          case CLASS_PER_TIME_STEP, VALUES -> columns.labelArray(element);
        };
    List<Column> payload = new ArrayList<>();
    payload.add(columns.featureValues(element).as(FEATURES_NAME));
    payload.add(label.as(LABEL_NAME));
    for (FurtherColumn further : form.further()) {
      payload.add(columns.valuesOf(further.columns(), element).as(further.stored()));
    }
    if (form.hasCategories()) {
      payload.add(
          array(form.categoryColumns().stream().map(columns::category).toArray(Column[]::new))
              .as(CATEGORIES_NAME));
    }
    int contentColumns = payload.size();
    if (form.weighting().hasColumn()) {
      payload.add(
          columns.number(Settings.DATA_WEIGHT_COLUMN, form.weighting().column()).as(WEIGHT_NAME));
    }
    Dataset<Row> values = table.select(payload.toArray(Column[]::new));
    List<Column> stored =
        Arrays.stream(values.columns()).map(name -> quoted(values, name)).toList();
    List<Column> contents = stored.subList(0, contentColumns);
    List<Column> ranked = new ArrayList<>();
    ranked.add(
        isValidation(xxhash64(hashed(List.of(lit("part")), contents)), validationShare)
            .as(StoreRows.VALIDATION_NAME));
    ranked.add(
        xxhash64(hashed(List.of(lit("order"), lit(seed)), contents)).as(StoreRows.RANK_NAME));
    ranked.addAll(stored);
    Dataset<Row> rows = values.select(ranked.toArray(Column[]::new));
    List<Column> all = new ArrayList<>();
    all.add(rows.col(StoreRows.VALIDATION_NAME));
    all.add(StoreRows.bucketOfHash(buckets).as(StoreRows.BUCKET_NAME));
    all.add(rows.col(StoreRows.RANK_NAME));
    Arrays.stream(values.columns()).forEach(name -> all.add(quoted(rows, name)));
    return rows.select(all.toArray(Column[]::new));
  }

  /** The stored names have dots in them. */
  private static Column quoted(Dataset<Row> rows, String name) {
    return rows.col("`" + name + "`");
  }

  private static Column[] hashed(List<Column> salt, List<Column> contents) {
    return Stream.concat(salt.stream(), contents.stream()).toArray(Column[]::new);
  }

  private static Column isValidation(Column hash, double share) {
    if (share <= 0 || share >= 1) {
      return lit(share >= 1);
    }
    // The upper 31 bits as a number from 0 to 1.
    return shiftrightunsigned(hash, 33)
        .cast(DataTypes.DoubleType)
        .divide(lit((double) (1L << 31)))
        .lt(lit(share));
  }
}
