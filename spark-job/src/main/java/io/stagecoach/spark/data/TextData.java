package io.stagecoach.spark.data;

import io.stagecoach.model.DataShape;
import io.stagecoach.model.text.Tokenizer;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A text as examples: its documents, one after another, as one sequence of tokens that is cut into
 * windows of one length. Only what is left at the end, being less than a window, is of none.
 */
final class TextData implements JobData {

  private final SparkSession spark;
  private final StagecoachConf conf;
  private final TextSource text;
  private final Optional<DataSnapshot> snapshot;
  private final StoreDirectory stores;
  private Tokenizer learned;
  private EncodedText encoded;

  /**
   * @param snapshot what is read, where the source itself can say it
   */
  TextData(
      SparkSession spark, StagecoachConf conf, TextSource text, Optional<DataSnapshot> snapshot) {
    this.spark = spark;
    this.conf = conf;
    this.text = text;
    this.snapshot = snapshot;
    this.stores = StoreDirectory.of(spark, conf);
  }

  @Override
  public boolean isEmpty() {
    return reading("look for documents in", text::isEmpty);
  }

  @Override
  public DataShape shape() {
    return new DataShape.Text(learn().size());
  }

  @Override
  public Optional<Tokenizer> tokenizer() {
    return Optional.of(learn());
  }

  private Tokenizer learn() {
    if (learned == null) {
      TokenizerTraining training =
          new TokenizerTraining(conf.dataTokenizer(), conf.dataVocabulary());
      learned = reading("learn the tokens of", () -> training.learn(text));
    }
    return learned;
  }

  private EncodedText encode(Tokenizer tokenizer) {
    if (encoded == null || !encoded.tokenizer().value().equals(tokenizer)) {
      JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
      encoded = reading("count the tokens of", () -> EncodedText.of(text, tokenizer, context));
    }
    return encoded;
  }

  private <T> T reading(String doing, Supplier<T> job) {
    return JobDescription.during(
        spark.sparkContext(),
        "Stagecoach: " + doing + " " + text.name(),
        () -> DataErrors.whileDoing("the text at " + text.name() + " cannot be read", job::get));
  }

  @Override
  public int timeSteps() {
    return conf.dataSequenceLength();
  }

  @Override
  public OptionalLong numbers(String input) {
    return OptionalLong.empty();
  }

  @Override
  public List<Integer> imageSize(String input) {
    return List.of();
  }

  @Override
  public PreparedData prepare(ModelShape shape, Optional<Learned> before) {
    return prepare(
        shape,
        "training",
        conf.dataValidationShare(),
        new Learned(
            List.of(), before.flatMap(Learned::tokenizer).or(this::tokenizer), Optional.empty()));
  }

  @Override
  public PreparedData prepareForEvaluation(ModelShape shape, Learned before) {
    return prepare(
        shape,
        "evaluation",
        1.0,
        new Learned(List.of(), before.tokenizer().or(this::tokenizer), Optional.empty()));
  }

  private PreparedData prepare(
      ModelShape shape, String purpose, double validationShare, Learned tokens) {
    Tokenizer tokenizer = tokens.tokenizer().orElseThrow();
    requireFits(shape, tokenizer);
    int length = conf.dataSequenceLength();
    int chunkRows = stores.chunkRows(2L * length * DataType.INT32.width());
    long dropped = reading("look for missing texts in", text::dropped);
    EncodedText content = encode(tokenizer);
    DataSnapshot read = snapshot.orElseGet(() -> DataSnapshot.ofRows(text.name(), content.hash()));
    TextRows.Windows windows = windows(content.tokens(), length, validationShare);
    String fingerprint =
        new Fingerprint()
            .with("purpose", purpose)
            .with("tokens", content.tokens())
            .with("content", content.hash())
            .with("snapshot", read.identity())
            .with("tokenizer", tokenizer.toJson())
            .with("sequenceLength", length)
            .with("validationShare", validationShare)
            .with("shuffle", conf.dataShuffle())
            .with("seed", conf.seed())
            .with("chunkRows", chunkRows)
            .digest();
    return stores
        .find(fingerprint)
        .orElseGet(
            () ->
                stores.write(
                    new StoreDirectory.Content(
                        fingerprint,
                        "Stagecoach: write the batch store of " + text.name(),
                        TextRows.of(
                            spark, content, windows, conf.dataShuffle(), conf.seed(), chunkRows),
                        TextRows.ties(),
                        new TextChunks(length),
                        chunkRows,
                        new StoreMetadata(
                            tokens,
                            List.of(length),
                            new PreparedData.Counts(
                                windows.count(), dropped, windows.training(), windows.validation()),
                            Optional.of(figures(content, windows)),
                            read))));
  }

  private TextRows.Windows windows(long tokens, int length, double validationShare) {
    long count = (tokens - 1) / length;
    if (count < 1) {
      throw DataErrors.data(
          "the text at "
              + text.name()
              + " has "
              + tokens
              + " tokens, too few for one example of "
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

  /** Labels are one token behind features. */
  private TextFigures figures(EncodedText content, TextRows.Windows windows) {
    long first = windows.training() * windows.length() + 1;
    long end = windows.count() * windows.length() + 1;
    long bytes =
        windows.validation() == 0
            ? 0
            : reading(
                "count the bytes of", () -> content.bytesBefore(end) - content.bytesBefore(first));
    return new TextFigures(content.tokens(), content.tokens() - end, end - first, bytes);
  }

  private void requireFits(ModelShape shape, Tokenizer tokenizer) {
    if (shape.output() != ModelShape.Output.CLASSES || !shape.perTimeStep()) {
      throw DataErrors.data(
          "the data is text, but the network does not predict a class for every time step",
          "Use a network with an output layer for sequences, or set "
              + Settings.DATA_FORMAT.key()
              + " for a table.");
    }
    if (tokenizer.size() > shape.outputs()) {
      throw DataErrors.data(
          "the text at "
              + text.name()
              + " has "
              + tokenizer.size()
              + " different tokens, but the network's output only "
              + shape.outputs(),
          "Make the network's input and output as large as the vocabulary.");
    }
  }
}
