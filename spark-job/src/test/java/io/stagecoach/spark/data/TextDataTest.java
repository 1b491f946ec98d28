package io.stagecoach.spark.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.stagecoach.batch.Slice;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.DataShape;
import io.stagecoach.model.text.BytePairTrainer;
import io.stagecoach.model.text.ByteTokenizer;
import io.stagecoach.model.text.Tokenizer;
import io.stagecoach.model.text.Vocabulary;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.config.TokenizerKind;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;

@TestInstance(Lifecycle.PER_CLASS)
class TextDataTest {

  private static final String TEXT = text();

  @TempDir Path folder;
  private SparkSession spark;

  @BeforeAll
  void start() {
    spark = LocalSpark.session();
  }

  /** Characters of one to four bytes. */
  private static String text() {
    Random random = new Random(7);
    String letters = "abcdefgh \né€ß∑😀🚂";
    int[] codePoints = letters.codePoints().toArray();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 2003; i++) {
      text.appendCodePoint(codePoints[random.nextInt(codePoints.length)]);
    }
    return text.toString();
  }

  @Test
  void storesEveryWindowAndTheNextCharacters() throws Exception {
    Path file = write("whole.txt", TEXT);
    JobData data = JobData.open(spark, conf(file, "windows"));
    int size = (int) TEXT.codePoints().distinct().count();

    PreparedData prepared = data.prepare(shape(size));

    assertThat(data.shape()).isEqualTo(new DataShape.Text(size));
    assertThat(data.tokenizer()).contains(Vocabulary.of(TEXT));
    assertThat(prepared.learned().tokenizer()).contains(Vocabulary.of(TEXT));
    List<List<Double>> windows = windows(Vocabulary.of(TEXT), 16);
    assertThat(windows).hasSize(125);
    int training = 125 - 13;
    assertThat(prepared.counts()).isEqualTo(new PreparedData.Counts(125, 0, training, 13));
    assertThat(StoreContents.examples(prepared, Slice.Split.TRAINING))
        .containsExactlyInAnyOrderElementsOf(windows.subList(0, training))
        .isNotEqualTo(windows.subList(0, training));
    assertThat(StoreContents.examples(prepared, Slice.Split.VALIDATION))
        .containsExactlyInAnyOrderElementsOf(windows.subList(training, 125));
    assertThat(prepared.manifest().chunks().get(Slice.Split.TRAINING)).hasSizeGreaterThan(3);
  }

  @Test
  void keepsTheOrderOfTheTextWithoutShuffling() throws Exception {
    StagecoachConf conf = conf(write("ordered.txt", TEXT), "ordered", "data.shuffle", "false");

    PreparedData prepared = JobData.open(spark, conf).prepare(shape(30));

    List<List<Double>> windows = windows(Vocabulary.of(TEXT), 16);
    assertThat(StoreContents.examples(prepared, Slice.Split.TRAINING))
        .isEqualTo(windows.subList(0, 112));
    assertThat(StoreContents.examples(prepared, Slice.Split.VALIDATION))
        .isEqualTo(windows.subList(112, 125));
  }

  @Test
  void isTheSameFromSeveralFiles() throws Exception {
    int middle = TEXT.offsetByCodePoints(0, 700);
    write("parts/1.txt", TEXT.substring(0, middle));
    write("parts/2/2.txt", TEXT.substring(middle));
    write("parts/3.txt", "");
    write("parts/.hidden", "hidden");
    Path file = write("one.txt", TEXT);

    PreparedData parts =
        JobData.open(spark, conf(folder.resolve("parts"), "parts", "data.format", "text"))
            .prepare(shape(30));
    PreparedData one = JobData.open(spark, conf(file, "one")).prepare(shape(30));

    assertThat(parts.manifest().chunks()).isEqualTo(one.manifest().chunks());
  }

  /** Two files, of which the first has marks and characters of all sizes, in pieces of any size. */
  @Test
  void isTheSameWhateverPiecesATaskReads() throws Exception {
    String first = "\uFEFFa\u00e9\uFEFF😀b€" + TEXT.substring(0, 40);
    String second = "a new  line\n\n of words, \u20ac and more words\n";
    write("pieces/1.txt", first);
    write("pieces/2.txt", second);
    String path = folder.resolve("pieces").toString();
    String clean = first.replace("\uFEFF", "");
    Tokenizer pairs = BytePairTrainer.train(counts(clean, second), 290);
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());

    for (Tokenizer tokenizer : List.of(Vocabulary.of(clean + second), new ByteTokenizer(), pairs)) {
      int[] end = tokenizer.endOfText().stream().toArray();
      int[] expected =
          Stream.of(tokenizer.encode(clean), end, tokenizer.encode(second), end)
              .flatMapToInt(Arrays::stream)
              .toArray();
      for (long blockBytes : new long[] {3, 11, 1000}) {
        EncodedText text =
            EncodedText.of(FileTexts.at(path, spark, blockBytes), tokenizer, context);
        assertThat(text.tokens()).isEqualTo(expected.length);
        assertThat(text.hash()).isEqualTo(TokenHash.of(expected));
        assertThat(text.bytesBefore(17))
            .isEqualTo(Arrays.stream(expected, 0, 17).map(tokenizer::bytes).sum());
        assertThat(text.bytesBefore(expected.length))
            .isEqualTo((clean + second).getBytes(StandardCharsets.UTF_8).length);
        assertWindows(text, expected);
      }
    }
    for (long blockBytes : new long[] {2, 1000}) {
      FileTexts files = FileTexts.at(path, spark, blockBytes);
      assertThat(new TokenizerTraining(TokenizerKind.BYTE_PAIRS, 290).learn(files))
          .isEqualTo(pairs);
      assertThat(new TokenizerTraining(TokenizerKind.CHARACTERS, 0).learn(files))
          .isEqualTo(Vocabulary.of(clean + second));
    }
  }

  private void assertWindows(EncodedText text, int[] expected) {
    int windows = (expected.length - 1) / 3;
    List<Row> rows =
        TextRows.of(spark, text, new TextRows.Windows(3, windows, 0), false, 1, 4)
            .sort("window", "from")
            .collectAsList();
    int[] joined = new int[4 * windows];
    int filled = 0;
    for (Row row : rows) {
      assertThat(row.<Integer>getAs("from")).isEqualTo(filled % 4);
      assertThat(row.<Long>getAs("window")).isEqualTo(filled / 4);
      for (int token : TextRows.tokens(row.getAs("tokens"))) {
        joined[filled++] = token;
      }
    }
    assertThat(filled).isEqualTo(joined.length);
    for (int i = 0; i < windows; i++) {
      assertThat(Arrays.copyOfRange(joined, 4 * i, 4 * i + 4))
          .isEqualTo(Arrays.copyOfRange(expected, 3 * i, 3 * i + 4));
    }
  }

  private static Map<String, Long> counts(String... texts) {
    Map<String, Long> counts = new HashMap<>();
    for (String text : texts) {
      BytePairTrainer.words(text, word -> counts.merge(word, 1L, Long::sum));
    }
    return counts;
  }

  /** Rows of several files, in an order of their own, with one that has no text. */
  @Test
  void takesTheRowsOfAColumnAsDocuments() throws Exception {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      texts.add(i == 7 ? null : "the coach of row " + i + " is late " + "€".repeat(i % 5));
    }
    StructType schema = new StructType().add("id", "int").add("Body", "string");
    for (int part = 0; part < 2; part++) {
      List<Row> rows = new ArrayList<>();
      for (int i = 20 * part; i < 20 * part + 20; i++) {
        rows.add(RowFactory.create(i, texts.get(i)));
      }
      spark
          .createDataFrame(rows, schema)
          .coalesce(1)
          .write()
          .parquet(folder.resolve("column/part=" + part).toString());
    }
    Path table = folder.resolve("column");
    StagecoachConf conf =
        conf(
            table,
            "column",
            "data.text",
            "body",
            "data.tokenizer",
            "bpe",
            "data.vocabulary",
            "280",
            "data.shuffle",
            "false",
            "data.missing",
            "drop");
    List<String> there = texts.stream().filter(Objects::nonNull).toList();
    Tokenizer expected = BytePairTrainer.train(counts(there.toArray(String[]::new)), 280);
    int[] tokens =
        there.stream()
            .flatMapToInt(
                text -> IntStream.concat(Arrays.stream(expected.encode(text)), IntStream.of(256)))
            .toArray();

    PreparedData prepared = JobData.open(spark, conf).prepare(shape(280));

    assertThat(prepared.learned().tokenizer()).contains(expected);
    int windows = (tokens.length - 1) / 16;
    int validation = (int) Math.round(windows * 0.1);
    assertThat(prepared.counts())
        .isEqualTo(new PreparedData.Counts(windows, 1, windows - validation, validation));
    List<List<Double>> examples =
        new ArrayList<>(StoreContents.examples(prepared, Slice.Split.TRAINING));
    examples.addAll(StoreContents.examples(prepared, Slice.Split.VALIDATION));
    assertThat(examples).hasSize(windows);
    for (int i = 0; i < windows; i++) {
      assertThat(examples.get(i))
          .isEqualTo(
              IntStream.concat(
                      Arrays.stream(tokens, 16 * i, 16 * i + 16),
                      Arrays.stream(tokens, 16 * i + 1, 16 * i + 17))
                  .asDoubleStream()
                  .boxed()
                  .toList());
    }
    int from = 16 * (windows - validation) + 1;
    int end = 16 * windows + 1;
    assertThat(prepared.text())
        .contains(
            new TextFigures(
                tokens.length,
                tokens.length - end,
                end - from,
                Arrays.stream(tokens, from, end).map(expected::bytes).sum()));
    assertThat(JobData.open(spark, conf).prepare(shape(280)).reused()).isTrue();

    // What Spark has moved about has no order of its own.
    Dataset<Row> rows = spark.read().parquet(table.toString());
    PreparedData one = JobData.of(rows.repartition(1), conf).prepare(shape(280));
    PreparedData many = JobData.of(rows.repartition(7), conf).prepare(shape(280));
    assertThat(one.counts()).isEqualTo(prepared.counts());
    assertThat(many.manifest().fingerprint()).isEqualTo(one.manifest().fingerprint());
    assertThat(many.manifest().fingerprint()).isNotEqualTo(prepared.manifest().fingerprint());
  }

  @Test
  void refusesAColumnOfNoTexts() throws Exception {
    Path table = write("table.csv", "id,body\n1,\"one text\"\n2,\n3,another\n");

    assertThat(refused(conf(table, "x", "data.text", "boddy"), shape(300)).remedy())
        .contains("the nearest is body");
    assertThat(refused(conf(table, "x", "data.text", "id"), shape(300)).what())
        .contains("holds no texts");
    assertThat(refused(conf(table, "x", "data.text", "body"), shape(300)).what())
        .contains("1 rows of")
        .contains("have no text");
  }

  /** Characters have no token that ends a document: lines do. */
  @Test
  void rowsAsCharactersAreLines() throws Exception {
    Path lines = write("lines.txt", "one line\nanother line\nand the last of them all\n");
    PreparedData rows =
        JobData.open(spark, conf(lines, "rows", "data.text", "value", "data.validationShare", "0"))
            .prepare(shape(30));
    PreparedData file =
        JobData.open(spark, conf(lines, "file", "data.validationShare", "0")).prepare(shape(30));

    assertThat(rows.manifest().fingerprint()).isEqualTo(file.manifest().fingerprint());
    assertThat(rows.text()).contains(new TextFigures(47, 14, 0, 0));
  }

  @Test
  void keepsTheMostFrequentCharacters() throws Exception {
    Path file = write("frequent.txt", "aaaa bbb cc d ".repeat(10));
    JobData data = JobData.open(spark, conf(file, "x", "data.vocabulary", "3"));
    assertThat(data.tokenizer().orElseThrow().decode(0, 1, 2)).isEqualTo(" a\uFFFD");
    StagecoachException error =
        catchThrowableOfType(
            StagecoachException.class,
            () ->
                JobData.open(
                        spark, conf(file, "x", "data.tokenizer", "bpe", "data.vocabulary", "100"))
                    .shape());
    assertThat(error.kind()).isEqualTo(ErrorKind.CONFIGURATION);
  }

  @Test
  void isReadWithTheVocabularyOfTraining() throws Exception {
    Path file = write("other.txt", "abcabcabcabcabcabcabcabcabcabcabcabc");
    Vocabulary known = Vocabulary.of("abcdef");
    StagecoachConf conf = conf(file, "evaluation");
    Learned learned = new Learned(List.of(), Optional.of(known), Optional.empty());

    PreparedData prepared = JobData.open(spark, conf).prepareForEvaluation(shape(6), learned);

    assertThat(prepared.counts()).isEqualTo(new PreparedData.Counts(2, 0, 0, 2));
    assertThat(prepared.learned().tokenizer()).contains(known);
    Learned other = new Learned(List.of(), Optional.of(Vocabulary.of("ab")), Optional.empty());
    StagecoachException error =
        catchThrowableOfType(
            StagecoachException.class,
            () -> JobData.open(spark, conf).prepareForEvaluation(shape(6), other));
    assertThat(error.kind()).isEqualTo(ErrorKind.DATA);
    assertThat(error.what()).contains("U+0063");
  }

  @Test
  void refusesWhatIsNoText() throws Exception {
    Path broken = folder.resolve("broken.txt");
    byte[] bytes = TEXT.getBytes(StandardCharsets.UTF_8);
    bytes[1000] = (byte) 0xFF;
    Files.write(broken, bytes);

    assertThat(refused(conf(broken, "x"), shape(30)).what()).contains("broken.txt is not UTF-8");
    assertThat(refused(conf(write("short.txt", "0123456789abcdef"), "x"), shape(30)).what())
        .contains("has 16 tokens, too few for one example of 16");
    assertThat(refused(conf(write("few.txt", TEXT.substring(0, 60)), "x"), shape(30)).what())
        .contains("leaves none of 3 examples for validation");
    assertThat(refused(conf(write("empty.txt", ""), "x"), shape(30)).what())
        .contains("there is no text at");
    assertThat(refused(conf(write("packed.txt.gz", "x"), "x"), shape(30)).what())
        .contains("is compressed");
    Path whole = write("again.txt", TEXT);
    assertThat(refused(conf(whole, "x"), shape(5)).what())
        .contains("different tokens, but the network's output only 5");
    ModelShape values =
        new ModelShape(List.of(), 30, ModelShape.Output.VALUES, false, DataType.FLOAT);
    assertThat(refused(conf(whole, "x"), values).what())
        .contains("does not predict a class for every time step");
    assertThat(refused(conf(folder.resolve("none.txt"), "x"), shape(30)).what())
        .contains("there is nothing at file:");
  }

  private StagecoachException refused(StagecoachConf conf, ModelShape shape) {
    StagecoachException error =
        catchThrowableOfType(
            StagecoachException.class, () -> JobData.open(spark, conf).prepare(shape));
    assertThat(error).isNotNull();
    assertThat(error.kind()).isEqualTo(ErrorKind.DATA);
    assertThat(error.remedy()).isNotBlank();
    return error;
  }

  /** Cut by hand: the ids of each window and then those of the next characters. */
  private static List<List<Double>> windows(Vocabulary vocabulary, int length) {
    int[] codePoints = TEXT.codePoints().toArray();
    List<Integer> sorted = new ArrayList<>(new TreeSet<>(TEXT.codePoints().boxed().toList()));
    assertThat(vocabulary.codePoints()).isEqualTo(sorted);
    List<List<Double>> windows = new ArrayList<>();
    for (int start = 0; start + length < codePoints.length; start += length) {
      List<Double> window = new ArrayList<>();
      for (int shift = 0; shift < 2; shift++) {
        for (int i = 0; i < length; i++) {
          window.add((double) sorted.indexOf(codePoints[start + i + shift]));
        }
      }
      windows.add(window);
    }
    return windows;
  }

  private static ModelShape shape(int classes) {
    return new ModelShape(List.of(), classes, ModelShape.Output.CLASSES, true, DataType.FLOAT);
  }

  private Path write(String name, String text) throws Exception {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  private StagecoachConf conf(Path data, String store, String... more) {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.stagecoach.data.path", data.toString())
            .set("spark.stagecoach.data.sequenceLength", "16")
            .set("spark.stagecoach.batchStore.chunkRows", "20")
            .set("spark.stagecoach.batchStore.path", folder.resolve("store-" + store).toString());
    for (int i = 0; i < more.length; i += 2) {
      conf.set("spark.stagecoach." + more[i], more[i + 1]);
    }
    return StagecoachConf.from(conf);
  }
}
