package io.stagecoach.spark.data;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.monotonically_increasing_id;
import static org.apache.spark.sql.functions.xxhash64;

import io.stagecoach.model.text.TextCut;
import io.stagecoach.spark.config.MissingValues;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.UnaryNode;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.LogicalRelation;

/**
 * A column of texts, each row a document. They are in the order in which files have them, files in
 * the order of their paths; where rows are not those of files, in the order of a hash, which is the
 * same whatever the source gives first.
 */
final class ColumnTexts implements TextSource {

  private static final String TEXT = "text";
  private static final String FILE = "file";
  private static final String BLOCK = "block";
  private static final String ROW = "row";

  private final String name;
  private final Dataset<Row> texts;
  private final MissingValues missing;
  private JavaRDD<String> inOrder;

  private ColumnTexts(String name, Dataset<Row> texts, MissingValues missing) {
    this.name = name;
    this.texts = texts;
    this.missing = missing;
  }

  /**
   * The texts of a column.
   *
   * @param name what a user calls the table
   * @throws io.stagecoach.error.StagecoachException of kind DATA where there is no such column, or
   *     it holds no texts
   */
  static ColumnTexts of(Dataset<Row> table, String column, String name, StagecoachConf conf) {
    Column text = TextColumn.find(table, column, name, Settings.DATA_TEXT);
    return new ColumnTexts(name, placed(table, text), conf.dataMissing());
  }

  private static Dataset<Row> placed(Dataset<Row> table, Column text) {
    if (!isReadInOrder(table)) {
      return table.select(text.as(TEXT), xxhash64(text).as(ROW));
    }
    return table.select(
        text.as(TEXT),
        col("_metadata.file_path").as(FILE),
        col("_metadata.file_block_start").as(BLOCK),
        monotonically_increasing_id().as(ROW));
  }

  /** Whether rows come one by one as files have them: anything else may bring them in any order. */
  private static boolean isReadInOrder(Dataset<Row> table) {
    LogicalPlan plan = table.queryExecution().optimizedPlan();
    boolean deterministic = plan.deterministic();
    while (plan instanceof Project || plan instanceof Filter) {
      plan = ((UnaryNode) plan).child();
    }
    return deterministic
        && plan instanceof LogicalRelation relation
        && relation.relation() instanceof HadoopFsRelation;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean isEmpty() {
    return texts.isEmpty();
  }

  /** Rows without a text; an error where they are not to be left out. */
  @Override
  public long dropped() {
    long count = texts.filter(col(TEXT).isNull()).count();
    if (count > 0 && missing == MissingValues.FAIL) {
      throw DataErrors.data(
          count + " rows of " + name + " have no text",
          "Mend the data, or set "
              + Settings.DATA_MISSING.key()
              + "="
              + MissingValues.DROP.word()
              + " to leave such rows out.");
    }
    return count;
  }

  @Override
  public JavaRDD<TextPiece> documents(TextCut cut) {
    return inOrder().map(text -> new TextPiece(text, true));
  }

  @Override
  public JavaRDD<TextPiece> runningText(TextCut cut) {
    return inOrder().map(text -> new TextPiece(text + "\n", true));
  }

  /** Sorted once: another sort might put the borders of the partitions elsewhere. */
  private JavaRDD<String> inOrder() {
    if (inOrder == null) {
      Dataset<Row> there = texts.filter(col(TEXT).isNotNull());
      boolean ofFiles = List.of(texts.columns()).contains(FILE);
      Dataset<Row> sorted =
          ofFiles ? there.sort(col(FILE), col(BLOCK), col(ROW)) : there.sort(col(ROW), col(TEXT));
      inOrder = sorted.select(col(TEXT)).javaRDD().map(row -> row.getString(0));
    }
    return inOrder;
  }
}
