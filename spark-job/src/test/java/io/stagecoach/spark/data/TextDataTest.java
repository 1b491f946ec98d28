package io.stagecoach.spark.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.stagecoach.batch.Slice;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.DataShape;
import io.stagecoach.model.Vocabulary;
import io.stagecoach.spark.config.StagecoachConf;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
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
    assertThat(data.vocabulary()).contains(Vocabulary.of(TEXT));
    assertThat(prepared.learned().vocabulary()).contains(Vocabulary.of(TEXT));
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

  @Test
  void isTheSameWhateverPiecesATaskReads() throws Exception {
    String text = "\uFEFFa\u00e9\uFEFF😀b€" + TEXT.substring(0, 40);
    Path file = write("pieces.txt", text);
    TextFiles files = TextFiles.at(file.toString(), new Configuration(false));
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    String clean = text.replace("\uFEFF", "");
    Vocabulary vocabulary = Vocabulary.of(clean);
    int[] ids = vocabulary.encode(clean);

    for (long blockBytes : new long[] {2, 5, 1000}) {
      TextScan scan = TextScan.of(files, context, blockBytes);
      assertThat(scan.vocabulary()).isEqualTo(vocabulary);
      assertThat(scan.characters()).isEqualTo(ids.length);
      assertThat(scan.counts()).isEqualTo(Vocabulary.counts(clean));
      int windows = (ids.length - 1) / 3;
      List<int[]> rows =
          TextRows.of(spark, scan, vocabulary, new TextRows.Windows(3, windows, 0), false, 1, 4)
              .collectAsList()
              .stream()
              .map(row -> TextRows.ids(row.getAs("ids")))
              .toList();
      assertThat(rows).hasSize(windows);
      for (int i = 0; i < rows.size(); i++) {
        assertThat(rows.get(i))
            .containsExactly(ids[3 * i], ids[3 * i + 1], ids[3 * i + 2], ids[3 * i + 3]);
      }
    }
  }

  @Test
  void isReadWithTheVocabularyOfTraining() throws Exception {
    Path file = write("other.txt", "abcabcabcabcabcabcabcabcabcabcabcabc");
    Vocabulary known = Vocabulary.of("abcdef");
    StagecoachConf conf = conf(file, "evaluation");
    Learned learned = new Learned(List.of(), Optional.of(known), Optional.empty());

    PreparedData prepared = JobData.open(spark, conf).prepareForEvaluation(shape(6), learned);

    assertThat(prepared.counts()).isEqualTo(new PreparedData.Counts(2, 0, 0, 2));
    assertThat(prepared.learned().vocabulary()).contains(known);
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
        .contains("has 16 characters, too few for one example of 16");
    assertThat(refused(conf(write("few.txt", TEXT.substring(0, 60)), "x"), shape(30)).what())
        .contains("leaves none of 3 examples for validation");
    assertThat(refused(conf(write("empty.txt", ""), "x"), shape(30)).what())
        .contains("there is no text at");
    assertThat(refused(conf(write("packed.txt.gz", "x"), "x"), shape(30)).what())
        .contains("is compressed");
    Path whole = write("again.txt", TEXT);
    assertThat(refused(conf(whole, "x"), shape(5)).what())
        .contains("different characters, but the network's output only 5");
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
