package io.stagecoach.spark.data;

import static org.apache.spark.sql.functions.array;

import io.stagecoach.spark.config.MissingValues;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.UnknownCategories;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.preprocessor.Normalizer;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Reads the features of a trained network from rows that need no label, as they were read for
 * training: the same columns, scaled by the same normalizer.
 */
public final class FeatureRows implements Serializable {

  private static final long serialVersionUID = 1L;

  private static final int SHOWN = 8;

  /**
   * One input.
   *
   * @param columns as the user named them
   * @param shape of one example; a number of time steps may be {@link ModelShape#ANY}
   * @param encoder makes the numbers
   * @param pictures how they are read, where they are a column of pictures
   */
  private record Input(
      List<String> columns, List<Integer> shape, CategoryEncoder encoder, PictureForm pictures)
      implements Serializable {

    Input {
      columns = List.copyOf(columns);
      shape = List.copyOf(shape);
    }

    /** How many numbers there are; of sequences of any length, in one time step. */
    int unit() {
      return shape.stream().filter(n -> n != ModelShape.ANY).reduce(1, Math::multiplyExact);
    }

    boolean takes(int numbers) {
      return shape.contains(ModelShape.ANY)
          ? numbers > 0 && numbers % unit() == 0
          : numbers == unit();
    }

    List<Integer> sized(int numbers) {
      return shape.stream().map(n -> n == ModelShape.ANY ? numbers / unit() : n).toList();
    }

    boolean hasCategories() {
      return !encoder.isIdentity();
    }

    String name(int index) {
      return columns.size() == 1 ? columns.get(0) : columns.get(index);
    }
  }

  private final List<Input> inputs;
  private final DataType dataType;
  private final byte[] normalizer;
  private final MissingValues missing;
  private final UnknownCategories unknown;
  private final transient List<Column> columns;

  private FeatureRows(
      List<Input> inputs,
      DataType dataType,
      byte[] normalizer,
      MissingValues missing,
      UnknownCategories unknown,
      List<Column> columns) {
    this.inputs = List.copyOf(inputs);
    this.dataType = dataType;
    this.normalizer = normalizer;
    this.missing = missing;
    this.unknown = unknown;
    this.columns = columns;
  }

  /**
   * Looks for the columns of a network's inputs.
   *
   * @param table what the rows have
   * @param named the columns of each input, the first input first
   * @param missing what happens to a row in which something is missing
   * @param unknown what happens to a row with a category that is not known
   * @throws io.stagecoach.error.StagecoachException of kind DATA where a column is not there, is of
   *     a type that holds no numbers, or there are more or fewer of them than the network takes
   */
  public static FeatureRows of(
      StructType table,
      List<InputColumns> named,
      ModelShape shape,
      Optional<Normalizer<?>> normalizer,
      MissingValues missing,
      UnknownCategories unknown) {
    List<Input> inputs = new ArrayList<>();
    List<Column> columns = new ArrayList<>();
    List<Column> categories = new ArrayList<>();
    for (int i = 0; i < named.size(); i++) {
      ModelShape.Input read = shape.inputs().get(i);
      List<String> names = named.get(i).columns();
      List<CategoricalColumn> categorical = named.get(i).categorical();
      requirePlaces(names, categorical);
      List<String> ofCategories =
          categorical.stream().map(column -> names.get(column.place())).toList();
      TableColumns found = new TableColumns(table, names, List.of(), ofCategories);
      Input input =
          new Input(
              names,
              read.shape(),
              new CategoryEncoder(names.size(), categorical, categories.size()),
              found.pictures().isEmpty()
                  ? PictureForm.NONE
                  : PictureForm.of(
                      names.get(0), read.shape(), read.channelsLast(), named.get(i).imageSize()));
      ofCategories.forEach(column -> categories.add(found.category(column)));
      OptionalInt count =
          input.hasCategories() ? OptionalInt.of(input.encoder().width()) : found.featureCount();
      if (count.isPresent() && !input.takes(count.getAsInt())) {
        throw DataErrors.data(
            "the columns "
                + String.join(", ", input.columns())
                + " are "
                + count.getAsInt()
                + " numbers, and the network's input "
                + named.get(i).name()
                + (named.get(i).name().isEmpty() ? "" : " ")
                + "takes "
                + input.shape(),
            "Correct " + Settings.DATA_FEATURES.key() + ".");
      }
      inputs.add(input);
      columns.add(
          found.featureValues(
              shape.dataType() == DataType.FLOAT ? DataTypes.FloatType : DataTypes.DoubleType));
    }
    if (!categories.isEmpty()) {
      columns.add(array(categories.toArray(Column[]::new)));
    }
    return new FeatureRows(
        inputs,
        shape.dataType(),
        normalizer.map(Normalizers::toBytes).orElse(new byte[0]),
        missing,
        unknown,
        columns);
  }

  private static void requirePlaces(List<String> columns, List<CategoricalColumn> categorical) {
    for (CategoricalColumn column : categorical) {
      if (column.place() >= columns.size()) {
        throw DataErrors.data(
            "the network was trained with categories in column "
                + (column.place() + 1)
                + " of its features, and there are only "
                + String.join(", ", columns),
            "Correct " + Settings.DATA_FEATURES.key() + ".");
      }
    }
  }

  /**
   * The features of each input as an array of numbers or the file of a picture, and where there are
   * categories, an array of them; to be selected from the table.
   */
  public List<Column> columns() {
    return List.copyOf(columns);
  }

  /** Collects rows for one call of the network. One thread uses it. */
  public Batch batch() {
    return new Batch();
  }

  /** Rows on their way into the network. */
  public final class Batch {

    private final Normalizer<?> scaler =
        normalizer.length == 0 ? null : Normalizers.fromBytes(normalizer);
    private final List<List<double[]>> rows =
        inputs.stream().map(input -> (List<double[]>) new ArrayList<double[]>()).toList();

    private final List<PictureReader> pictures =
        inputs.stream().map(input -> new PictureReader(input.pictures())).toList();

    private long unknownCategories;

    private Batch() {}

    /** How many of the rows read so far have a category that is not known. */
    public long unknownCategories() {
      return unknownCategories;
    }

    /**
     * The features of a row.
     *
     * @param first which column of the row has those of the first input; the others follow
     * @return empty where something is missing, and such rows are to be left out
     * @throws io.stagecoach.error.StagecoachException of kind DATA where it does not fit the
     *     network
     */
    public Optional<List<double[]>> read(Row row, int first) {
      List<double[]> values = new ArrayList<>();
      IntFunction<String> texts = texts(row, first + inputs.size());
      boolean hasUnknown = false;
      for (int i = 0; i < inputs.size(); i++) {
        Input input = inputs.get(i);
        if (input.pictures().isThere()) {
          Optional<double[]> pixels = pixels(row, first + i, i);
          if (pixels.isEmpty()) {
            return Optional.empty();
          }
          values.add(pixels.get());
          continue;
        }
        List<Number> numbers = row.isNullAt(first + i) ? List.of() : row.getList(first + i);
        int wrong = row.isNullAt(first + i) ? 0 : firstMissing(numbers);
        if (wrong >= 0) {
          if (missing == MissingValues.DROP) {
            return Optional.empty();
          }
          throw DataErrors.data(
              "a row has no number in " + input.name(wrong) + ": " + show(input, numbers),
              Finding.MISSING.remedy());
        }
        if (input.hasCategories()) {
          OptionalInt none = input.encoder().missing(texts);
          if (none.isPresent()) {
            if (missing == MissingValues.DROP) {
              return Optional.empty();
            }
            throw DataErrors.data(
                "a row has no category in " + input.name(none.getAsInt()),
                Finding.MISSING.remedy());
          }
          hasUnknown |= isUnknown(input, texts);
          double[] plain = numbers.stream().mapToDouble(n -> n.doubleValue() + 0.0).toArray();
          values.add(input.encoder().encode(plain, texts));
          continue;
        }
        if (!input.takes(numbers.size())) {
          throw DataErrors.data(
              "a row has "
                  + numbers.size()
                  + " numbers in "
                  + input.name(0)
                  + ", and the network takes "
                  + input.shape()
                  + ": "
                  + show(input, numbers),
              "Name the right columns, or mend the data.");
        }
        // A zero is always +0, as in training.
        values.add(numbers.stream().mapToDouble(number -> number.doubleValue() + 0.0).toArray());
      }
      unknownCategories += hasUnknown ? 1 : 0;
      return Optional.of(values);
    }

    private Optional<double[]> pixels(Row row, int at, int index) {
      String column = inputs.get(index).name(0);
      if (row.isNullAt(at)) {
        return missing("a row has no picture in " + column);
      }
      Picture picture = pictures.get(index).read(row.getAs(at));
      if (picture instanceof Picture.Pixels pixels) {
        return Optional.of(pixels.values());
      }
      String text = inputs.get(index).pictures().describe(column, picture);
      if (picture instanceof Picture.OtherSize) {
        throw DataErrors.data(
            "a row has a picture of another size: " + text, Finding.PICTURE_SIZE.remedy());
      }
      return missing("a row has a picture that cannot be read: " + text);
    }

    private Optional<double[]> missing(String what) {
      if (missing == MissingValues.DROP) {
        return Optional.empty();
      }
      throw DataErrors.data(what, Finding.MISSING.remedy());
    }

    private IntFunction<String> texts(Row row, int at) {
      if (inputs.stream().noneMatch(Input::hasCategories)) {
        return index -> null;
      }
      List<String> texts = row.getList(at);
      return texts::get;
    }

    private boolean isUnknown(Input input, IntFunction<String> texts) {
      OptionalInt place = input.encoder().unknown(texts);
      if (place.isPresent() && unknown == UnknownCategories.FAIL) {
        throw DataErrors.data(
            "a row has a category in "
                + input.name(place.getAsInt())
                + " that the network was not trained with: '"
                + input.encoder().text(place.getAsInt(), texts)
                + "'",
            Finding.CATEGORY_UNKNOWN.remedy());
      }
      return place.isPresent();
    }

    /** Whether these features can go into one call with the others. */
    public boolean takes(List<double[]> values) {
      for (int i = 0; i < values.size(); i++) {
        if (!rows.get(i).isEmpty() && rows.get(i).get(0).length != values.get(i).length) {
          return false;
        }
      }
      return true;
    }

    /** Adds what {@link #read} gave. */
    public void add(List<double[]> values) {
      for (int i = 0; i < values.size(); i++) {
        rows.get(i).add(values.get(i));
      }
    }

    /** How many rows there are. */
    public int size() {
      return rows.get(0).size();
    }

    /** The features of each input, scaled, for the caller to close; the batch is empty again. */
    public List<INDArray> take() {
      List<INDArray> examples = new ArrayList<>();
      for (int i = 0; i < inputs.size(); i++) {
        examples.add(array(rows.get(i), inputs.get(i)));
        rows.get(i).clear();
      }
      if (scaler != null) {
        Normalizers.transform(scaler, examples);
      }
      return examples;
    }

    private INDArray array(List<double[]> values, Input input) {
      int length = values.get(0).length;
      double[] flat = new double[Math.multiplyExact(values.size(), length)];
      for (int i = 0; i < values.size(); i++) {
        System.arraycopy(values.get(i), 0, flat, i * length, length);
      }
      long[] shape = TableForm.shapeOf(values.size(), input.sized(length));
      try (INDArray doubles = Nd4j.createFromArray(flat)) {
        INDArray array = Nd4j.createUninitialized(dataType, shape, 'c');
        array.assign(doubles.reshape(shape));
        return array;
      }
    }
  }

  private static int firstMissing(List<Number> numbers) {
    for (int i = 0; i < numbers.size(); i++) {
      if (numbers.get(i) == null || !Double.isFinite(numbers.get(i).doubleValue())) {
        return i;
      }
    }
    return -1;
  }

  private static String show(Input input, List<Number> numbers) {
    List<String> parts = new ArrayList<>();
    for (int i = 0; i < Math.min(SHOWN, numbers.size()); i++) {
      parts.add((input.columns().size() > 1 ? input.name(i) + "=" : "") + numbers.get(i));
    }
    if (numbers.size() > SHOWN) {
      parts.add("…");
    }
    return numbers.isEmpty() ? input.name(0) + "=null" : "(" + String.join(", ", parts) + ")";
  }
}
