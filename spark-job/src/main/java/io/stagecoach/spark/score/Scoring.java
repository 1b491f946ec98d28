package io.stagecoach.spark.score;

import static org.apache.spark.sql.functions.col;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.Nearest;
import io.stagecoach.spark.data.FeatureRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.LongAccumulator;

/**
 * Gives every row of a table what a network puts out for it: lazily, where the rows are, with the
 * whole network in each executor. Columns are looked at before anything is computed.
 */
public final class Scoring {

  private final ScoringModel model;
  private final FeatureRows features;
  private final OutputColumns outputs;
  private final List<String> kept;
  private final StructType schema;

  private Scoring(
      ScoringModel model,
      FeatureRows features,
      OutputColumns outputs,
      List<String> kept,
      StructType schema) {
    this.model = model;
    this.features = features;
    this.outputs = outputs;
    this.kept = List.copyOf(kept);
    this.schema = schema;
  }

  /**
   * Checks that it can be done.
   *
   * @param table what the rows have
   * @param features how those of the network are read
   * @param kept the columns of the table that stay beside the network's
   * @throws StagecoachException of kind DATA where one is not there, or has a name that the
   *     network's columns have
   */
  public static Scoring of(
      ScoringModel model,
      StructType table,
      FeatureRows features,
      OutputColumns outputs,
      List<String> kept) {
    List<String> all = Arrays.asList(table.fieldNames());
    StructType schema = new StructType();
    for (String name : kept) {
      if (!all.contains(name)) {
        throw new StagecoachException(
            ErrorKind.DATA,
            "there is no column "
                + name
                + " to keep in the data, which has "
                + String.join(", ", all),
            "Correct the name"
                + Nearest.to(name, all).map(nearest -> "; the nearest is " + nearest).orElse("")
                + ".");
      }
      schema = schema.add(table.apply(name));
    }
    return new Scoring(model, features, outputs, kept, appended(schema, outputs));
  }

  /**
   * A schema with the network's columns behind its own.
   *
   * @throws StagecoachException of kind DATA where it has a column of such a name already
   */
  public static StructType appended(StructType schema, OutputColumns outputs) {
    StructType all = schema;
    for (StructField field : outputs.fields()) {
      if (Arrays.asList(all.fieldNames()).contains(field.name())) {
        throw new StagecoachException(
            ErrorKind.DATA,
            "there is a column " + field.name() + " already, as the network's is called",
            "Rename one of the two, or keep the data's out.");
      }
      all = all.add(field);
    }
    return all;
  }

  /** What the result has: the columns that are kept, and the network's. */
  public StructType schema() {
    return schema;
  }

  /**
   * The result; nothing is computed yet.
   *
   * @param batchRows how many rows the network takes at once
   */
  public Dataset<Row> score(Dataset<Row> table, int batchRows) {
    SparkContext spark = table.sparkSession().sparkContext();
    return score(
        table,
        batchRows,
        new Counts(spark.longAccumulator(), spark.longAccumulator(), spark.longAccumulator()));
  }

  /**
   * Counts the rows of a result that is computed once.
   *
   * @param scored rows that the network has seen
   * @param dropped rows that are left out because something is missing
   * @param unknownCategories rows with a category that the network was not trained with
   */
  public record Counts(
      LongAccumulator scored, LongAccumulator dropped, LongAccumulator unknownCategories) {}

  /** The result; what it is made of is counted when it is computed. */
  public Dataset<Row> score(Dataset<Row> table, int batchRows, Counts counts) {
    List<Column> columns = new ArrayList<>();
    kept.forEach(name -> columns.add(quoted(name)));
    for (int i = 0; i < features.columns().size(); i++) {
      columns.add(features.columns().get(i).as("stagecoach input " + i));
    }
    Dataset<Row> scored =
        table
            .select(columns.toArray(Column[]::new))
            .mapPartitions(
                new ScoreTask(
                    model.on(table.sparkSession().sparkContext()),
                    features,
                    outputs,
                    kept.size(),
                    batchRows,
                    counts.scored(),
                    counts.dropped(),
                    counts.unknownCategories()),
                Encoders.row(schema));
    // Rows that have been in Java's hands have lost what the schema says of columns beside types.
    return scored.select(
        Arrays.stream(schema.fields())
            .map(field -> quoted(field.name()).as(field.name(), field.metadata()))
            .toArray(Column[]::new));
  }

  private static Column quoted(String name) {
    return col("`" + name.replace("`", "``") + "`");
  }
}
