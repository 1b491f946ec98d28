package io.stagecoach.spark.data;

import java.time.Instant;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * A table that keeps its past. What it was can be read while others write to it. Errors are of kind
 * DATA where there is no such snapshot.
 */
sealed interface VersionedTable permits DeltaVersions, IcebergSnapshots {

  /** What is there now. */
  DataSnapshot newest();

  /** The snapshot that the text names. */
  DataSnapshot version(String text);

  /** The newest of those that were there at a time. */
  DataSnapshot asOf(Instant time);

  /** The rows of a snapshot, whatever is written meanwhile. */
  Dataset<Row> rows(DataSnapshot snapshot);
}
