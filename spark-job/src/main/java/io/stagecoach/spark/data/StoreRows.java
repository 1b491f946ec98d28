package io.stagecoach.spark.data;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.shiftright;
import static org.apache.spark.sql.functions.shiftrightunsigned;
import static org.apache.spark.sql.functions.when;

import org.apache.spark.sql.Column;

/**
 * The first columns of every row on its way into the batch store: which part of the data it is of,
 * its bucket, and its rank within the bucket. Buckets become chunks.
 */
final class StoreRows {

  static final int VALIDATION = 0;
  static final int BUCKET = 1;
  static final int RANK = 2;

  /** The first column of the example itself. */
  static final int PAYLOAD = 3;

  static final String VALIDATION_NAME = "validation";
  static final String BUCKET_NAME = "bucket";
  static final String RANK_NAME = "rank";

  private StoreRows() {}

  /** The bucket of a row whose rank is a hash: the buckets cut the range of the hash evenly. */
  static Column bucketOfHash(Buckets buckets) {
    Column upper31Bits = shiftrightunsigned(col(RANK_NAME), 33);
    return shiftright(upper31Bits.multiply(buckets.count()), 31);
  }

  /**
   * How many buckets each part has.
   *
   * @param training of the training part
   * @param validation of the validation part
   */
  record Buckets(long training, long validation) {

    /** One bucket for everything. */
    static final Buckets ONE = new Buckets(1, 1);

    /** As many as give chunks of about so many rows. */
    static Buckets of(long trainingRows, long validationRows, int chunkRows) {
      return new Buckets(
          Math.max(1, (trainingRows + chunkRows - 1) / chunkRows),
          Math.max(1, (validationRows + chunkRows - 1) / chunkRows));
    }

    private Column count() {
      return when(col(VALIDATION_NAME), lit(validation)).otherwise(lit(training));
    }
  }
}
