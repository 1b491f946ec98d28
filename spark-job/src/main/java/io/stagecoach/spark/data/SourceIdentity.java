package io.stagecoach.spark.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.datasources.CatalogFileIndex;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import org.apache.spark.sql.execution.datasources.PartitioningAwareFileIndex;

/** Says without reading a table whether it is the one that it was. */
final class SourceIdentity {

  private SourceIdentity() {}

  /**
   * The files that a table is read from, each with its size and the time of its last change, and
   * how it is read from them. Empty where not all of a table's rows come from files: then only the
   * rows themselves can tell.
   */
  static Optional<String> ofFiles(SparkSession spark, Dataset<Row> table) {
    LogicalPlan plan = table.queryExecution().optimizedPlan();
    if (!plan.deterministic() || !onlyFiles(plan)) {
      return Optional.empty();
    }
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    return DataErrors.whileDoing(
        "the files of the data cannot be listed",
        () -> {
          List<String> files = new ArrayList<>();
          for (String file : table.inputFiles()) {
            Path path = new Path(file);
            FileStatus status = path.getFileSystem(hadoop).getFileStatus(path);
            files.add(file + "@" + status.getLen() + "@" + status.getModificationTime());
          }
          if (files.isEmpty()) {
            return Optional.empty();
          }
          Collections.sort(files);
          return Optional.of(plan.canonicalized().treeString() + String.join("\n", files));
        });
  }

  private static boolean onlyFiles(LogicalPlan plan) {
    scala.collection.Iterator<LogicalPlan> leaves = plan.collectLeaves().iterator();
    while (leaves.hasNext()) {
      // Others' lists of files, such as Delta's, say more than their files' names: rows that are
      // deleted, for instance.
      if (!(leaves.next() instanceof LogicalRelation leaf
          && leaf.relation() instanceof HadoopFsRelation files
          && (files.location() instanceof PartitioningAwareFileIndex
              || files.location() instanceof CatalogFileIndex))) {
        return false;
      }
    }
    return true;
  }
}
