package io.stagecoach.spark.data;

import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.shiftrightunsigned;
import static org.apache.spark.sql.functions.xxhash64;

import java.util.List;
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
 * the bucket, its features, its label.
 */
final class TableRows {

  static final int FEATURES = StoreRows.PAYLOAD;
  static final int LABEL = StoreRows.PAYLOAD + 1;

  private static final String FEATURES_NAME = "features";
  private static final String LABEL_NAME = "label";

  private TableRows() {}

  /** The columns by which rows of equal rank are told apart. */
  static List<String> ties() {
    return List.of(FEATURES_NAME, LABEL_NAME);
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
    Dataset<Row> values =
        table.select(columns.featureArray(element).as(FEATURES_NAME), label.as(LABEL_NAME));
    Column features = values.col(FEATURES_NAME);
    Column labels = values.col(LABEL_NAME);
    Dataset<Row> ranked =
        values.select(
            isValidation(xxhash64(lit("part"), features, labels), validationShare)
                .as(StoreRows.VALIDATION_NAME),
            xxhash64(lit("order"), lit(seed), features, labels).as(StoreRows.RANK_NAME),
            features,
            labels);
    return ranked.select(
        ranked.col(StoreRows.VALIDATION_NAME),
        StoreRows.bucketOfHash(buckets).as(StoreRows.BUCKET_NAME),
        ranked.col(StoreRows.RANK_NAME),
        ranked.col(FEATURES_NAME),
        ranked.col(LABEL_NAME));
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
