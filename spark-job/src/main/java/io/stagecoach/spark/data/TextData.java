package io.stagecoach.spark.data;

import io.stagecoach.model.DataShape;
import io.stagecoach.model.Vocabulary;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.nd4j.linalg.api.buffer.DataType;

/** The windows of a text as examples. */
final class TextData implements JobData {

  private final SparkSession spark;
  private final StagecoachConf conf;
  private final String name;
  private final TextFiles text;
  private final StoreDirectory stores;
  private TextScan scanned;

  TextData(SparkSession spark, StagecoachConf conf, String name) {
    this.spark = spark;
    this.conf = conf;
    this.name = name;
    this.text =
        DataErrors.whileDoing(
            "the text at " + name + " cannot be read",
            () -> TextFiles.at(name, spark.sparkContext().hadoopConfiguration()));
    this.stores = StoreDirectory.of(spark, conf);
  }

  @Override
  public DataShape shape() {
    return new DataShape.Text(scan().vocabulary().size());
  }

  @Override
  public Optional<Vocabulary> vocabulary() {
    return Optional.of(scan().vocabulary());
  }

  private TextScan scan() {
    if (scanned == null) {
      scanned =
          JobDescription.during(
              spark.sparkContext(),
              "Stagecoach: count the characters of " + name,
              () ->
                  DataErrors.whileDoing(
                      "the text at " + name + " cannot be read",
                      () ->
                          TextScan.of(
                              text, JavaSparkContext.fromSparkContext(spark.sparkContext()))));
    }
    return scanned;
  }

  @Override
  public int timeSteps() {
    return conf.dataSequenceLength();
  }

  @Override
  public PreparedData prepare(ModelShape shape, Optional<Learned> before) {
    return prepare(
        shape,
        "training",
        conf.dataValidationShare(),
        new Learned(
            List.of(), before.flatMap(Learned::vocabulary).or(this::vocabulary), Optional.empty()));
  }

  @Override
  public PreparedData prepareForEvaluation(ModelShape shape, Learned learned) {
    return prepare(
        shape,
        "evaluation",
        1.0,
        new Learned(List.of(), learned.vocabulary().or(this::vocabulary), Optional.empty()));
  }

  private PreparedData prepare(
      ModelShape shape, String purpose, double validationShare, Learned learned) {
    Vocabulary vocabulary = learned.vocabulary().orElseThrow();
    requireFits(shape, vocabulary);
    int length = conf.dataSequenceLength();
    int chunkRows = stores.chunkRows(2L * length * DataType.INT32.width());
    String fingerprint =
        new Fingerprint()
            .with("purpose", purpose)
            .with("files", text.identity())
            .with("vocabulary", vocabulary.toJson())
            .with("sequenceLength", length)
            .with("validationShare", validationShare)
            .with("shuffle", conf.dataShuffle())
            .with("seed", conf.seed())
            .with("chunkRows", chunkRows)
            .digest();
    Optional<PreparedData> known = stores.find(fingerprint);
    if (known.isPresent()) {
      return known.get();
    }
    TextRows.Windows windows = windows(length, validationShare);
    Dataset<Row> rows =
        TextRows.of(spark, scan(), vocabulary, windows, conf.dataShuffle(), conf.seed(), chunkRows);
    return stores.write(
        new StoreDirectory.Content(
            fingerprint,
            "Stagecoach: write the batch store of " + name,
            rows,
            TextRows.ties(),
            new TextChunks(length),
            chunkRows,
            new StoreMetadata(
                learned,
                List.of(length),
                new PreparedData.Counts(
                    windows.count(), 0, windows.training(), windows.validation()))));
  }

  private TextRows.Windows windows(int length, double validationShare) {
    long characters = scan().characters();
    long count = (characters - 1) / length;
    if (count < 1) {
      throw DataErrors.data(
          "the text at "
              + name
              + " has "
              + characters
              + " characters, too few for one example of "
              + length
              + " and the one that follows",
          "Give more text, or set " + Settings.DATA_SEQUENCE_LENGTH.key() + " smaller.");
    }
    long validation = Math.round(count * validationShare);
    TextRows.Windows windows = new TextRows.Windows(length, count - validation, validation);
    JobData.requireParts(
        new PreparedData.Counts(count, 0, windows.training(), validation), validationShare);
    return windows;
  }

  private void requireFits(ModelShape shape, Vocabulary vocabulary) {
    if (shape.output() != ModelShape.Output.CLASSES || !shape.perTimeStep()) {
      throw DataErrors.data(
          "the data is text, but the network does not predict a class for every time step",
          "Use a network with an output layer for sequences, or set "
              + Settings.DATA_FORMAT.key()
              + " for a table.");
    }
    if (vocabulary.size() > shape.outputs()) {
      throw DataErrors.data(
          "the text at "
              + name
              + " has "
              + vocabulary.size()
              + " different characters, but the network's output only "
              + shape.outputs(),
          "Make the network's input and output as large as the vocabulary.");
    }
  }
}
