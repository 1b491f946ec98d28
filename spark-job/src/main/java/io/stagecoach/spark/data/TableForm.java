package io.stagecoach.spark.data;

import io.stagecoach.batch.Columns;
import io.stagecoach.spark.config.UnknownCategories;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * What every row of a table must be.
 *
 * @param featureColumns the columns of the features, as the user named them
 * @param labelColumns the columns of the label
 * @param featureShape the shape of one example's features
 * @param featuresAreScaled whether scaling may change the features: not, if they are indices
 * @param label what the label is
 * @param labelShape the shape of one example's label; empty for a class
 * @param classes how many classes there are; 0 where there are none
 * @param dataType the type of the floats that are stored
 * @param storedFeatures what the batch store calls the features
 * @param storedLabels what the batch store calls the label
 * @param further what else a row has, for networks with several inputs or outputs
 * @param encoders how the numbers of the inputs are made, the first and then the further ones;
 *     empty where no column has categories
 * @param unknownCategories what happens to a row with a category that is not known
 * @param weighting what the rows count in training
 * @param pictures how the features are read, where they are a column of pictures
 * @param ofAnyLength whether the features are sequences of different lengths; their shape has the
 *     longest
 */
record TableForm(
    List<String> featureColumns,
    List<String> labelColumns,
    List<Integer> featureShape,
    boolean featuresAreScaled,
    LabelForm label,
    List<Integer> labelShape,
    int classes,
    DataType dataType,
    String storedFeatures,
    String storedLabels,
    List<FurtherColumn> further,
    List<CategoryEncoder> encoders,
    UnknownCategories unknownCategories,
    Weighting weighting,
    PictureForm pictures,
    boolean ofAnyLength)
    implements Serializable {

  /** Rows without categories, weights and pictures. */
  TableForm(
      List<String> featureColumns,
      List<String> labelColumns,
      List<Integer> featureShape,
      boolean featuresAreScaled,
      LabelForm label,
      List<Integer> labelShape,
      int classes,
      DataType dataType,
      String storedFeatures,
      String storedLabels,
      List<FurtherColumn> further) {
    this(
        featureColumns,
        labelColumns,
        featureShape,
        featuresAreScaled,
        label,
        labelShape,
        classes,
        dataType,
        storedFeatures,
        storedLabels,
        further,
        List.of(),
        UnknownCategories.FAIL,
        Weighting.NONE,
        PictureForm.NONE,
        false);
  }

  TableForm {
    featureColumns = List.copyOf(featureColumns);
    labelColumns = List.copyOf(labelColumns);
    featureShape = List.copyOf(featureShape);
    labelShape = List.copyOf(labelShape);
    further = List.copyOf(further);
    encoders = List.copyOf(encoders);
  }

  /** This with categories. */
  TableForm with(List<CategoryEncoder> newEncoders, UnknownCategories unknown) {
    return new TableForm(
        featureColumns,
        labelColumns,
        featureShape,
        featuresAreScaled,
        label,
        labelShape,
        classes,
        dataType,
        storedFeatures,
        storedLabels,
        further,
        newEncoders,
        unknown,
        weighting,
        pictures,
        ofAnyLength);
  }

  /** Whether rows have categories. */
  boolean hasCategories() {
    return encoders.stream().anyMatch(encoder -> !encoder.isIdentity());
  }

  /** The columns with categories, those of the first input first; the order of a row's texts. */
  List<String> categoryColumns() {
    List<List<String>> inputs = new ArrayList<>(List.of(featureColumns));
    further.stream().filter(FurtherColumn::isInput).forEach(input -> inputs.add(input.columns()));
    List<String> columns = new ArrayList<>();
    for (int i = 0; i < encoders.size(); i++) {
      for (CategoricalColumn column : encoders.get(i).categorical()) {
        columns.add(inputs.get(i).get(column.place()));
      }
    }
    return columns;
  }

  /** How many numbers a row has for the features, before categories become numbers. */
  int featureNumbers() {
    return encoders.isEmpty() || encoders.get(0).isIdentity()
        ? featureLength()
        : encoders.get(0).columns();
  }

  /** What the batch store calls the weights of the rows that {@link #storedLabels} is of. */
  String storedWeights() {
    return outputName().isEmpty() ? Columns.WEIGHTS : Columns.weights(outputName());
  }

  /** How many values the features of an example have. */
  int featureLength() {
    return product(featureShape);
  }

  /** How many values the label of an example has. */
  int labelLength() {
    return product(labelShape);
  }

  /** How shorter sequences become as long as the longest; of those of any length. */
  Padding featurePadding() {
    return new Padding(featureShape.get(0), featureShape.get(1));
  }

  /** The same of their labels, where there is one for each time step. */
  Padding labelPadding() {
    return new Padding(labelLength() / featureShape.get(1), featureShape.get(1));
  }

  /** Whether labels are as long as their sequences. */
  boolean labelsAreOfAnyLength() {
    return ofAnyLength && labelsHaveTime();
  }

  /** What the batch store calls the mask of the features. */
  String storedFeaturesMask() {
    return inputName().isEmpty() ? Columns.FEATURES_MASK : Columns.featuresMask(inputName());
  }

  /** What the batch store calls the mask of the labels. */
  String storedLabelsMask() {
    return outputName().isEmpty() ? Columns.LABELS_MASK : Columns.labelsMask(outputName());
  }

  /** What the model calls the first of several inputs; empty of one. */
  private String inputName() {
    return name(storedFeatures, Columns.FEATURES, Columns.features(""));
  }

  /** What the model calls the one of several outputs whose labels are counted; empty of one. */
  private String outputName() {
    return name(storedLabels, Columns.LABELS, Columns.labels(""));
  }

  private static String name(String stored, String ofOne, String prefix) {
    return stored.equals(ofOne) ? "" : stored.substring(prefix.length());
  }

  /** Whether the last axis of the features is time. */
  boolean featuresHaveTime() {
    return featureShape.size() == 2;
  }

  /** Whether the last axis of the label is time. */
  boolean labelsHaveTime() {
    return label == LabelForm.CLASS_PER_TIME_STEP || labelShape.size() == 2;
  }

  /** How many channels share a mean and a range: the first axis of an example. */
  int channels() {
    return featureShape.get(0);
  }

  /** The bytes of one example in the batch store. */
  long exampleBytes() {
    long labelWidth = label == LabelForm.VALUES ? dataType.width() : (long) DataType.INT32.width();
    long others = further.stream().mapToLong(FurtherColumn::length).sum();
    return (featureLength() + others) * dataType.width() + labelLength() * labelWidth;
  }

  /** From which columns the features of each input come. */
  List<InputColumns> inputs() {
    List<InputColumns> inputs = new ArrayList<>();
    inputs.add(
        new InputColumns(
            inputName(), featureColumns, featureLength(), categorical(0), pictures.imageSize()));
    for (FurtherColumn column : further) {
      if (column.isInput()) {
        inputs.add(
            new InputColumns(
                column.name(),
                column.columns(),
                column.length(),
                categorical(inputs.size()),
                column.pictures().imageSize()));
      }
    }
    return inputs;
  }

  private List<CategoricalColumn> categorical(int input) {
    return encoders.isEmpty() ? List.of() : encoders.get(input).categorical();
  }

  /** What a user calls one value of the features. */
  String featureName(int index) {
    return name(featureColumns, index);
  }

  /** What a user calls one value of the label. */
  String labelName(int index) {
    return label == LabelForm.NAME || label == LabelForm.CLASS
        ? labelColumns.get(0)
        : name(labelColumns, index);
  }

  /** The shape of so many examples. */
  static long[] shapeOf(int rows, List<Integer> example) {
    List<Integer> shape = new ArrayList<>();
    shape.add(rows);
    shape.addAll(example);
    return shape.stream().mapToLong(Integer::longValue).toArray();
  }

  private static String name(List<String> columns, int index) {
    return columns.size() == 1 ? columns.get(0) + "[" + index + "]" : columns.get(index);
  }

  private static int product(List<Integer> shape) {
    return shape.stream().mapToInt(Integer::intValue).reduce(1, Math::multiplyExact);
  }
}
