package io.stagecoach.spark.score;

import static org.apache.spark.sql.functions.col;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.Nearest;
import io.stagecoach.spark.data.FeatureRows;
import io.stagecoach.spark.gpu.DistinctGpus;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.io.BytesWritable;
import org.apache.hadoop.mapreduce.lib.output.SequenceFileOutputFormat;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.LongAccumulator;

/**
 * Gives every row of a table what a network puts out for it: lazily, where the rows are, with the
 * whole network in each executor; or by way of files, where the network is in a pipeline. Columns
 * are looked at before anything is computed.
 */
public final class Scoring {

  private final PredictionForm form;
  private final FeatureRows features;
  private final OutputColumns outputs;
  private final List<String> kept;
  private final StructType schema;

  private Scoring(
      PredictionForm form,
      FeatureRows features,
      OutputColumns outputs,
      List<String> kept,
      StructType schema) {
    this.form = form;
    this.features = features;
    this.outputs = outputs;
    this.kept = List.copyOf(kept);
    this.schema = schema;
  }

  /**
   * Checks that it can be done.
   *
   * @param form what the network takes and puts out
   * @param table what the rows have
   * @param features how those of the network are read
   * @param kept the columns of the table that stay beside the network's
   * @throws StagecoachException of kind DATA where one is not there, or has a name that the
   *     network's columns have
   */
  public static Scoring of(
      PredictionForm form,
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
    return new Scoring(form, features, outputs, kept, appended(schema, outputs));
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
   * @param model the network
   * @param batchRows how many rows the network takes at once
   */
  public Dataset<Row> score(ScoringModel model, Dataset<Row> table, int batchRows) {
    SparkContext spark = table.sparkSession().sparkContext();
    return score(
        model,
        table,
        batchRows,
        new Counts(
            spark.longAccumulator(),
            spark.longAccumulator(),
            spark.longAccumulator(),
            spark.collectionAccumulator()));
  }

  /**
   * Counts the rows of a result that is computed once.
   *
   * @param scored rows that the network has seen
   * @param dropped rows that are left out because something is missing
   * @param unknownCategories rows with a category that the network was not trained with
   * @param devices what executors with the whole network compute on, where GPUs are asked for; of
   *     each as often as a task has said it
   */
  public record Counts(
      LongAccumulator scored,
      LongAccumulator dropped,
      LongAccumulator unknownCategories,
      CollectionAccumulator<DistinctGpus.Holder> devices)
      implements Serializable {}

  /** The result; what it is made of is counted when it is computed. */
  public Dataset<Row> score(ScoringModel model, Dataset<Row> table, int batchRows, Counts counts) {
    return described(
        selected(table)
            .mapPartitions(
                new ScoreTask(
                    model.on(table.sparkSession().sparkContext()),
                    features,
                    predicted(),
                    batchRows,
                    counts),
                Encoders.row(schema)));
  }

  /**
   * Writes the rows, by a Spark job, where the driver finds their features in batches that are the
   * same as those that {@link #score} makes.
   */
  public void stage(Dataset<Row> table, int batchRows, Counts counts, StagedRows staged) {
    selected(table)
        .javaRDD()
        .mapPartitionsToPair(
            new StagingTask(features, form.featureColumns(), kept.size(), batchRows, counts))
        .saveAsNewAPIHadoopFile(
            staged.rows().toString(),
            BytesWritable.class,
            BytesWritable.class,
            SequenceFileOutputFormat.class,
            staged.hadoop());
  }

  /** The result for rows that are staged, with the predictions of all their batches. */
  public Dataset<Row> joined(SparkSession spark, StagedRows staged) {
    List<String> names = staged.names();
    JavaRDD<Row> rows =
        JavaSparkContext.fromSparkContext(spark.sparkContext())
            .parallelize(names, Math.max(1, names.size()))
            .flatMap(new JoiningTask(staged, predicted()));
    return described(spark.createDataFrame(rows, schema));
  }

  private Dataset<Row> selected(Dataset<Row> table) {
    List<Column> columns = new ArrayList<>();
    kept.forEach(name -> columns.add(quoted(name)));
    for (int i = 0; i < features.columns().size(); i++) {
      columns.add(features.columns().get(i).as("stagecoach input " + i));
    }
    return table.select(columns.toArray(Column[]::new));
  }

  private PredictedRows predicted() {
    return new PredictedRows(outputs, kept.size());
  }

  /** Rows that were in Java's hands have lost what the schema says of columns beside types. */
  private Dataset<Row> described(Dataset<Row> rows) {
    return rows.select(
        Arrays.stream(schema.fields())
            .map(field -> quoted(field.name()).as(field.name(), field.metadata()))
            .toArray(Column[]::new));
  }

  private static Column quoted(String name) {
    return col("`" + name.replace("`", "``") + "`");
  }
}
