package io.stagecoach.spark.data;

import io.stagecoach.engine.dl4j.FeatureLengths;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.DataShape;
import io.stagecoach.model.text.Tokenizer;
import io.stagecoach.spark.config.Setting;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * The data of a run: a table's rows or a text's windows, found and looked at, and laid out in a
 * batch store by ordinary Spark jobs. All errors are of kind DATA, unless they are of the settings.
 */
public sealed interface JobData extends FeatureLengths permits TableData, TextData {

  /**
   * The data that the settings name.
   *
   * @throws io.stagecoach.error.StagecoachException where it is not there, or a column is not there
   *     or holds no numbers
   */
  static JobData open(SparkSession spark, StagecoachConf conf) {
    SourceLocation location = SourceLocation.find(spark, conf);
    if (location.isText() && conf.dataText().isEmpty()) {
      location.requireWhole(conf);
      requireNoColumns(conf);
      return new TextData(spark, conf, FileTexts.at(location.name(), spark), Optional.empty());
    }
    return of(spark, conf, location.open(conf));
  }

  /** A table that a program has at hand, with the columns that the settings name. */
  static JobData of(Dataset<Row> table, StagecoachConf conf) {
    return of(
        table.sparkSession(),
        conf,
        OpenedSource.filtered("the given table", table, Optional.empty(), conf));
  }

  private static JobData of(SparkSession spark, StagecoachConf conf, OpenedSource source) {
    if (conf.dataText().isPresent()) {
      requireNoColumns(conf);
    }
    return conf.dataText().isPresent()
        ? new TextData(
            spark,
            conf,
            ColumnTexts.of(source.rows(), conf.dataText().get(), source.name(), conf),
            source.snapshot())
        : new TableData(spark, conf, source);
  }

  /**
   * That a table has the columns of features and label that the settings name, of types that can be
   * read; looks at nothing but the schema.
   *
   * @throws io.stagecoach.error.StagecoachException of kind DATA where it has not
   */
  static void requireColumns(StructType schema, StagecoachConf conf) {
    for (List<String> features : all(conf.dataFeaturesOf(), conf.dataFeatures())) {
      for (List<String> label : all(conf.dataLabelOf(), conf.dataLabel())) {
        requireColumns(new TableColumns(schema, features, label, conf.dataCategorical()), conf);
      }
    }
  }

  /** That nothing is set that only the rows of a table have. */
  private static void requireNoColumns(StagecoachConf conf) {
    List<Setting<?>> ofTables =
        List.of(
            Settings.DATA_CATEGORICAL, Settings.DATA_WEIGHT_COLUMN, Settings.DATA_CLASS_WEIGHTS);
    List<String> set = new ArrayList<>();
    for (Setting<?> setting : ofTables) {
      if (!conf.get(setting).equals(setting.defaultValue())) {
        set.add(setting.key());
      }
    }
    conf.dataClassWeightsOf()
        .keySet()
        .forEach(name -> set.add(Settings.DATA_CLASS_WEIGHTS_OF.key() + name));
    if (!set.isEmpty()) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          String.join(" and ", set)
              + (set.size() > 1 ? " are" : " is")
              + " set, but a text has no columns of features",
          "Remove it.");
    }
  }

  private static void requireColumns(TableColumns columns, StagecoachConf conf) {
    conf.dataWeightColumn()
        .ifPresent(column -> columns.number(Settings.DATA_WEIGHT_COLUMN, column));
  }

  private static Collection<List<String>> all(Map<String, List<String>> several, List<String> one) {
    return several.isEmpty() ? List.of(one) : several.values();
  }

  /** Whether there are no rows, or no text, at all. */
  boolean isEmpty();

  /** What a model made to measure must know; for a table this runs a job. */
  DataShape shape();

  /** What the tokens of a text are; empty for a table. */
  Optional<Tokenizer> tokenizer();

  /**
   * Lays out the examples for training a network, or finds them laid out by an earlier run.
   *
   * @param before what an earlier run learned, where its model is trained on: its classes, tokens
   *     and scales are kept
   * @throws io.stagecoach.error.StagecoachException where the data does not fit the network, or
   *     something is wrong with a row
   */
  PreparedData prepare(ModelShape shape, Optional<Learned> before);

  /** Lays out the examples for training a new network. */
  default PreparedData prepare(ModelShape shape) {
    return prepare(shape, Optional.empty());
  }

  /** The length of sequences as far as the settings say it: a text's windows, 1 for a table. */
  @Override
  int timeSteps();

  /**
   * Lays out all examples as validation examples, read as those of training were.
   *
   * @param learned what was learned from the data of training
   * @throws io.stagecoach.error.StagecoachException as {@link #prepare}
   */
  PreparedData prepareForEvaluation(ModelShape shape, Learned learned);

  /** That each part has examples, where it should have. */
  static void requireParts(PreparedData.Counts counts, double validationShare) {
    String share = Settings.DATA_VALIDATION_SHARE.key() + "=" + validationShare;
    if (counts.training() + counts.validation() == 0) {
      throw DataErrors.data(
          "nothing is left of " + counts.read() + " rows, all of which miss a value",
          "Mend the data.");
    }
    if (validationShare < 1 && counts.training() == 0) {
      throw DataErrors.data(
          share + " leaves none of " + counts.validation() + " examples for training",
          "Set a smaller share, or give more data.");
    }
    if (validationShare > 0 && counts.validation() == 0) {
      throw DataErrors.data(
          share + " leaves none of " + counts.training() + " examples for validation",
          "Set a larger share, give more data, or set the share to 0 for no validation.");
    }
  }
}
