package io.stagecoach.spark.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.struct;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.stagecoach.batch.Slice.Split;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.DataShape;
import io.stagecoach.spark.config.MissingValues;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.config.UnknownCategories;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A column of the files of pictures, against the pixels that they were made of. */
@TestInstance(Lifecycle.PER_CLASS)
class TablePicturesTest {

  private static final int ROWS = 40;
  private static final int HEIGHT = 4;
  private static final int WIDTH = 3;

  @TempDir Path folder;
  private SparkSession spark;
  private Dataset<Row> table;
  private int stores;

  /** By picture, row, column, channel; from 0 to 255. */
  private final int[][][][] pixels = new int[ROWS][HEIGHT][WIDTH][3];

  /** The label y is a picture's number. */
  @BeforeAll
  void start() throws IOException {
    spark = LocalSpark.session();
    Random random = new Random(3);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
      for (int row = 0; row < HEIGHT; row++) {
        for (int column = 0; column < WIDTH; column++) {
          int[] colors = pixels[i][row][column];
          Arrays.setAll(colors, channel -> random.nextInt(256));
          image.setRGB(column, row, colors[0] << 16 | colors[1] << 8 | colors[2]);
        }
      }
      rows.add(RowFactory.create(file(image, "png"), i));
    }
    table =
        spark.createDataFrame(
            rows,
            new StructType().add("picture", DataTypes.BinaryType).add("y", DataTypes.IntegerType));
  }

  private static byte[] file(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    assertThat(ImageIO.write(image, format, bytes)).isTrue();
    return bytes.toByteArray();
  }

  private static ModelShape shape(DataType type, boolean channelsLast, Integer... input) {
    return new ModelShape(
        List.of(input),
        ROWS,
        ModelShape.Output.CLASSES,
        false,
        type,
        Optional.empty(),
        Optional.empty(),
        false,
        channelsLast,
        List.of(),
        List.of());
  }

  private StagecoachConf conf(String... settings) {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.stagecoach.data.features", "picture")
            .set("spark.stagecoach.data.label", "y")
            .set("spark.stagecoach.data.validationShare", "0")
            .set("spark.stagecoach.batchStore.path", folder.resolve("s" + stores++).toString());
    for (int i = 0; i < settings.length; i += 2) {
      conf.set("spark.stagecoach." + settings[i], settings[i + 1]);
    }
    return StagecoachConf.from(conf);
  }

  private PreparedData prepare(Dataset<Row> rows, ModelShape shape, String... settings) {
    return JobData.of(rows, conf(settings)).prepare(shape);
  }

  private StagecoachException refused(Dataset<Row> rows, ModelShape shape, String... settings) {
    StagecoachException error =
        catchThrowableOfType(StagecoachException.class, () -> prepare(rows, shape, settings));
    assertThat(error.kind()).isEqualTo(ErrorKind.DATA);
    return error;
  }

  /** The numbers of a picture by the formula of their place. */
  private List<Double> expected(int picture, boolean channelsLast) {
    Double[] values = new Double[3 * HEIGHT * WIDTH];
    for (int row = 0; row < HEIGHT; row++) {
      for (int column = 0; column < WIDTH; column++) {
        for (int channel = 0; channel < 3; channel++) {
          int place =
              channelsLast
                  ? channel + 3 * (column + WIDTH * row)
                  : column + WIDTH * (row + HEIGHT * channel);
          values[place] = pixels[picture][row][column][channel] / 255.0;
        }
      }
    }
    return List.of(values);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void thePixelsAreWhereTheNetworkReadsThem(boolean channelsLast) throws Exception {
    ModelShape shape =
        channelsLast
            ? shape(DataType.DOUBLE, true, HEIGHT, WIDTH, 3)
            : shape(DataType.DOUBLE, false, 3, HEIGHT, WIDTH);

    PreparedData data = prepare(table, shape);

    assertThat(data.manifest().column("features").orElseThrow().rowShape())
        .isEqualTo(shape.input());
    List<List<Double>> features = StoreContents.rows(data, Split.TRAINING, "features");
    List<List<Double>> labels = StoreContents.rows(data, Split.TRAINING, "labels");
    assertThat(features).hasSize(ROWS);
    for (int i = 0; i < ROWS; i++) {
      int picture = labels.get(i).get(0).intValue();
      assertThat(features.get(i)).isEqualTo(expected(picture, channelsLast));
    }
    assertThat(data.learned().inputs().get(0).imageSize()).containsExactly(HEIGHT, WIDTH);
  }

  /** As many rows as columns as channels: the sizes alone do not tell the order. */
  @Test
  void theOrderIsTheNetworksAlsoWhereAllSizesAreEqual() throws Exception {
    BufferedImage image = new BufferedImage(3, 3, BufferedImage.TYPE_INT_RGB);
    image.setRGB(1, 0, 0xff0000);
    Dataset<Row> one = pictures(file(image, "png"));

    PreparedData planes = prepare(one, shape(DataType.FLOAT, false, 3, 3, 3));
    PreparedData pixels = prepare(one, shape(DataType.FLOAT, true, 3, 3, 3));

    assertThat(StoreContents.rows(planes, Split.TRAINING, "features").get(0).indexOf(1.0))
        .isEqualTo(1);
    assertThat(StoreContents.rows(pixels, Split.TRAINING, "features").get(0).indexOf(1.0))
        .isEqualTo(3);
  }

  private Dataset<Row> pictures(byte[]... files) {
    List<Row> rows = new ArrayList<>();
    for (byte[] file : files) {
      rows.add(RowFactory.create(file, 0));
    }
    return spark.createDataFrame(rows, table.schema());
  }

  private List<Double> read(byte[] file, int channels, int height, int width) {
    Picture picture = new PictureReader(new PictureForm(channels, height, width, false)).read(file);
    assertThat(picture).isInstanceOf(Picture.Pixels.class);
    return Arrays.stream(((Picture.Pixels) picture).values()).boxed().toList();
  }

  @Test
  void greyIsAsInTheFileInEveryDepth() throws IOException {
    BufferedImage bytes = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_GRAY);
    bytes.getRaster().setSample(0, 0, 0, 51);
    bytes.getRaster().setSample(1, 0, 0, 128);
    BufferedImage words = new BufferedImage(2, 1, BufferedImage.TYPE_USHORT_GRAY);
    words.getRaster().setSample(0, 0, 0, 13107);
    words.getRaster().setSample(1, 0, 0, 65535);
    BufferedImage bits = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY);
    bits.setRGB(1, 0, 0xffffff);

    assertThat(read(file(bytes, "png"), 1, 1, 2)).containsExactly(0.2, 128 / 255.0);
    assertThat(read(file(bytes, "png"), 3, 1, 2))
        .containsExactly(0.2, 128 / 255.0, 0.2, 128 / 255.0, 0.2, 128 / 255.0);
    assertThat(read(file(words, "png"), 1, 1, 2)).containsExactly(0.2, 1.0);
    assertThat(read(file(bits, "png"), 1, 1, 2)).containsExactly(0.0, 1.0);
  }

  @Test
  void colorsBecomeGreyOpacityOrNeither() throws IOException {
    BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB);
    image.setRGB(0, 0, 0x33ff6600);
    byte[] file = file(image, "png");

    assertThat(read(file, 4, 1, 1)).containsExactly(1.0, 0.4, 0.0, 0.2);
    assertThat(read(file, 3, 1, 1)).containsExactly(1.0, 0.4, 0.0);
    assertThat(read(file, 1, 1, 1)).containsExactly(0.299 + 0.587 * 0.4);
    BufferedImage opaque = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB);
    opaque.setRGB(0, 0, 0xff6600);
    assertThat(read(file(opaque, "bmp"), 4, 1, 1)).containsExactly(1.0, 0.4, 0.0, 1.0);
    // A palette of 256 colors has the nearest.
    assertThat(read(file(opaque, "gif"), 3, 1, 1).get(0)).isGreaterThan(0.9);
    assertThat(read(file(opaque, "jpg"), 3, 1, 1).get(1)).isBetween(0.38, 0.42);
  }

  @Test
  void anotherSizeIsRefusedWithRowAndSize() throws IOException {
    Dataset<Row> other =
        table.union(pictures(file(new BufferedImage(5, 7, BufferedImage.TYPE_INT_RGB), "png")));

    assertThat(refused(other, shape(DataType.FLOAT, false, 3, HEIGHT, WIDTH)).what())
        .contains(
            "1 of 41 rows hold a picture of another size than the network reads, for example"
                + " picture=7 × 5 pixels, the network reads 4 × 3 pixels, in the row (picture=[")
        .contains(" bytes], y=0)");
    // Rows and columns changed for one another is another size.
    assertThat(refused(table, shape(DataType.FLOAT, false, 3, WIDTH, HEIGHT)).what())
        .contains("40 of 40 rows hold a picture of another size");
  }

  @Test
  void aBrokenPictureIsNamedOrLeftOut() throws Exception {
    byte[] whole = file(new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB), "png");
    Dataset<Row> broken =
        table.union(
            pictures(Arrays.copyOf(whole, whole.length / 2), "no picture".getBytes(UTF_8), null));
    ModelShape shape = shape(DataType.FLOAT, false, 3, HEIGHT, WIDTH);

    StagecoachException error = refused(broken, shape);
    assertThat(error.what())
        .contains("1 of 43 rows hold a value that is missing")
        .contains("picture=null in the row (picture=null, y=0)")
        .contains("; 2 of 43 rows hold a picture that cannot be read, for example picture=");
    assertThat(error.remedy()).contains("spark.stagecoach.data.missing=drop");

    PreparedData data = prepare(broken, shape, "data.missing", "drop");
    assertThat(data.counts()).isEqualTo(new PreparedData.Counts(43, 3, 40, 0));
    assertThat(StoreContents.rows(data, Split.TRAINING, "features")).hasSize(ROWS);
  }

  /** A file of some bytes that says it is as large as no memory: nothing of it is decoded. */
  @Test
  void aSizeThatAFileOnlyClaimsCostsNothing() throws IOException {
    byte[] file = file(new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB), "png");
    ByteBuffer bytes = ByteBuffer.wrap(file);
    bytes.putInt(16, 1 << 30).putInt(20, 1 << 30);
    CRC32 sum = new CRC32();
    sum.update(file, 12, 17);
    bytes.putInt(29, (int) sum.getValue());

    assertThat(new PictureReader(new PictureForm(3, 1, 1, false)).read(file))
        .isEqualTo(new Picture.OtherSize(1 << 30, 1 << 30));
  }

  @Test
  void anyBytesArePixelsOrUnreadable() throws IOException {
    byte[] whole = file(new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB), "png");
    PictureReader reader = new PictureReader(new PictureForm(3, HEIGHT, WIDTH, false));
    Random random = new Random(7);
    int unreadable = 0;
    for (int i = 0; i < 2000; i++) {
      byte[] file = whole.clone();
      for (int j = 0; j < 3; j++) {
        file[8 + random.nextInt(file.length - 8)] = (byte) random.nextInt(256);
      }
      unreadable += reader.read(file) instanceof Picture.Unreadable ? 1 : 0;
    }
    assertThat(unreadable).isGreaterThan(100);
  }

  @Test
  void theFirstPictureSaysWhatTheNetworkDoesNot() {
    JobData data = JobData.of(table, conf());
    assertThat(data.imageSize("input")).containsExactly(HEIGHT, WIDTH);
    assertThat(data.numbers("input")).hasValue(36);
    assertThat(data.shape()).isEqualTo(new DataShape.Table(36, ROWS));
    assertThat(JobData.of(table, conf("data.imageSize", "2,6")).imageSize("input"))
        .containsExactly(2, 6);
    assertThat(JobData.of(pixelTable(), conf()).imageSize("input")).isEmpty();
    StagecoachException none =
        catchThrowableOfType(
            StagecoachException.class,
            () ->
                JobData.of(table.withColumn("picture", lit(new byte[3])), conf()).numbers("input"));
    assertThat(none.what())
        .contains("none of the first 20 pictures in the column picture can be read")
        .contains("3 bytes of no format");
  }

  private Dataset<Row> pixelTable() {
    return table.withColumn("picture", expr("array(1, 2, 3)"));
  }

  /** A network of plain inputs reads the planes one after another, as DL4J's convolutionalFlat. */
  @Test
  void aRowOfInputsIsChannelAfterChannel() throws Exception {
    PreparedData data = prepare(table, shape(DataType.DOUBLE, false, 36));
    List<List<Double>> features = StoreContents.rows(data, Split.TRAINING, "features");
    List<List<Double>> labels = StoreContents.rows(data, Split.TRAINING, "labels");
    for (int i = 0; i < ROWS; i++) {
      assertThat(features.get(i)).isEqualTo(expected(labels.get(i).get(0).intValue(), false));
    }
  }

  @Test
  void networksThatReadNoPicturesAreRefused() {
    assertThat(refused(table, shape(DataType.FLOAT, false, 3, 12)).what())
        .contains("the column picture holds pictures, but the network's input is a sequence");
    assertThat(refused(table, shape(DataType.FLOAT, false, 2, HEIGHT, WIDTH)).what())
        .contains("but the network reads 2 channels of 4 × 3 pixels");
    assertThat(refused(table, shape(DataType.FLOAT, false, 35)).what())
        .contains("holds pictures of 4 × 3 pixels, and the network reads 35 numbers");
    assertThat(refused(table, shape(DataType.FLOAT, false, 36), "data.features", "picture,y"))
        .hasMessageContaining("the column picture is of type binary");
    Dataset<Row> spark =
        table.withColumn(
            "picture",
            struct(lit(3).as("nChannels"), lit(16).as("mode"), col("picture").as("data")));
    assertThat(refused(spark, shape(DataType.FLOAT, false, 36)).remedy())
        .contains("data.format=binaryFile");
  }

  @Test
  void scoringReadsTheSameNumbers() throws Exception {
    ModelShape shape = shape(DataType.DOUBLE, true, HEIGHT, WIDTH, 3);
    FeatureRows rows = features(shape, List.of(), MissingValues.FAIL);
    FeatureRows.Batch batch = rows.batch();
    for (Row row : table.select(rows.columns().get(0), col("y")).collectAsList()) {
      batch.add(batch.read(row, 0).orElseThrow());
      try (INDArray examples = batch.take().get(0)) {
        assertThat(examples.shape()).containsExactly(1, HEIGHT, WIDTH, 3);
        assertThat(examples.dup('c').data().asDouble())
            .containsExactly(expected(row.getInt(1), true).stream().mapToDouble(v -> v).toArray());
      }
    }
    Row broken = RowFactory.create(new Object[] {new byte[3]});
    assertThat(catchThrowableOfType(StagecoachException.class, () -> batch.read(broken, 0)).what())
        .contains("a row has a picture that cannot be read: picture=3 bytes of no format");
    assertThat(features(shape, List.of(), MissingValues.DROP).batch().read(broken, 0)).isEmpty();
    Row other =
        RowFactory.create(
            new Object[] {file(new BufferedImage(5, 7, BufferedImage.TYPE_INT_RGB), "png")});
    assertThat(catchThrowableOfType(StagecoachException.class, () -> batch.read(other, 0)).what())
        .contains("picture=7 × 5 pixels, the network reads 4 × 3 pixels");
    // A network of plain inputs knows the size from its training.
    ModelShape flat = shape(DataType.DOUBLE, false, 36);
    Row first = table.select("picture").head();
    assertThat(
            features(flat, List.of(HEIGHT, WIDTH), MissingValues.FAIL)
                .batch()
                .read(first, 0)
                .orElseThrow()
                .get(0))
        .hasSize(36);
    assertThat(
            catchThrowableOfType(
                    StagecoachException.class, () -> features(flat, List.of(), MissingValues.FAIL))
                .remedy())
        .contains("data.imageSize");
  }

  private FeatureRows features(ModelShape shape, List<Integer> size, MissingValues missing) {
    return FeatureRows.of(
        table.schema(),
        List.of(new InputColumns("", List.of("picture"), 36, List.of(), size)),
        shape,
        Optional.empty(),
        missing,
        UnknownCategories.FAIL);
  }
}
