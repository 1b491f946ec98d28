package io.stagecoach.spark.data;

import io.stagecoach.spark.config.UnknownCategories;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.BiFunction;
import java.util.function.IntFunction;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Reads the rows of {@link TableRows} and says what is wrong with one.
 *
 * <p>A zero is always stored as +0, so that rows that Spark takes for equal are equal.
 */
final class RowCheck implements Serializable {

  private static final int SHOWN = 8;

  private final TableForm form;
  private final PictureReader pictures;
  private final ArrayList<PictureReader> furtherPictures = new ArrayList<>();

  /** The classes by name, where they are known already; empty where not. */
  private final HashMap<String, Integer> knownNames = new HashMap<>();

  RowCheck(TableForm form, List<String> knownNames) {
    this.form = form;
    this.pictures = new PictureReader(form.pictures());
    form.further().forEach(each -> furtherPictures.add(new PictureReader(each.pictures())));
    for (int i = 0; i < knownNames.size(); i++) {
      this.knownNames.put(knownNames.get(i), i);
    }
  }

  /** The first thing that is wrong. */
  Finding find(InternalRow row) {
    Finding main = mainFinding(row);
    return main == Finding.NONE ? ofFurther(row) : main;
  }

  private Finding mainFinding(InternalRow row) {
    if (row.isNullAt(TableRows.FEATURES) || row.isNullAt(TableRows.LABEL)) {
      return Finding.MISSING;
    }
    Finding features = ofFeatures(row);
    if (features != Finding.NONE) {
      return features;
    }
    Finding label = ofLabel(row);
    if (label != Finding.NONE) {
      return label;
    }
    Finding category = ofCategories(row);
    return category == Finding.NONE ? ofWeight(row) : category;
  }

  private Finding ofFeatures(InternalRow row) {
    if (form.pictures().isThere()) {
      return ofPicture(pictures.read(row.getBinary(TableRows.FEATURES)));
    }
    ArrayData features = row.getArray(TableRows.FEATURES);
    if (form.ofAnyLength()
        ? !form.featurePadding().takes(features.numElements())
        : features.numElements() != form.featureNumbers()) {
      return Finding.FEATURE_COUNT;
    }
    return firstMissing(features) >= 0 ? Finding.MISSING : Finding.NONE;
  }

  private static Finding ofPicture(Picture picture) {
    if (picture instanceof Picture.Unreadable) {
      return Finding.PICTURE_UNREADABLE;
    }
    return picture instanceof Picture.OtherSize ? Finding.PICTURE_SIZE : Finding.NONE;
  }

  private Finding ofCategories(InternalRow row) {
    if (!form.hasCategories()) {
      return Finding.NONE;
    }
    for (CategoryEncoder encoder : form.encoders()) {
      if (encoder.missing(texts(row)).isPresent()) {
        return Finding.MISSING;
      }
    }
    return form.unknownCategories() == UnknownCategories.FAIL && hasUnknownCategory(row)
        ? Finding.CATEGORY_UNKNOWN
        : Finding.NONE;
  }

  /** Whether a category of the row is none of the known ones. */
  boolean hasUnknownCategory(InternalRow row) {
    return form.encoders().stream().anyMatch(encoder -> encoder.unknown(texts(row)).isPresent());
  }

  private IntFunction<String> texts(InternalRow row) {
    ArrayData texts = row.getArray(TableRows.categories(form));
    return index -> texts.isNullAt(index) ? null : texts.getUTF8String(index).toString();
  }

  private Finding ofWeight(InternalRow row) {
    if (!form.weighting().hasColumn()) {
      return Finding.NONE;
    }
    int at = TableRows.weight(form);
    // As it is stored.
    if (row.isNullAt(at) || !Double.isFinite(stored(row.getDouble(at)))) {
      return Finding.MISSING;
    }
    return row.getDouble(at) < 0 ? Finding.WEIGHT_NEGATIVE : Finding.NONE;
  }

  private double stored(double value) {
    return form.dataType() == DataType.FLOAT ? (float) value : value;
  }

  /**
   * What a row without findings counts by itself, whatever its class; 1 where no column says it.
   */
  double weight(InternalRow row) {
    return form.weighting().hasColumn() ? row.getDouble(TableRows.weight(form)) : 1;
  }

  private Finding ofFurther(InternalRow row) {
    for (int i = 0; i < form.further().size(); i++) {
      Finding finding = ofFurther(row, i);
      if (finding != Finding.NONE) {
        return finding;
      }
    }
    return Finding.NONE;
  }

  private Finding ofFurther(InternalRow row, int index) {
    if (row.isNullAt(TableRows.FURTHER + index)) {
      return Finding.MISSING;
    }
    FurtherColumn column = form.further().get(index);
    if (column.pictures().isThere()) {
      return ofPicture(furtherPicture(row, index));
    }
    ArrayData values = row.getArray(TableRows.FURTHER + index);
    if (values.numElements() != numbers(index)) {
      return column.isInput() ? Finding.FEATURE_COUNT : Finding.LABEL_COUNT;
    }
    if (firstMissing(values) >= 0) {
      return Finding.MISSING;
    }
    return column.content() == FurtherColumn.Content.CLASS
        ? ofClass(value(values, 0), column.classes())
        : Finding.NONE;
  }

  private Picture furtherPicture(InternalRow row, int index) {
    return furtherPictures.get(index).read(row.getBinary(TableRows.FURTHER + index));
  }

  /** How many numbers a row has for a further input or output, before categories become numbers. */
  private int numbers(int index) {
    FurtherColumn column = form.further().get(index);
    return column.isInput() && isEncoded(input(index))
        ? form.encoders().get(input(index)).columns()
        : column.length();
  }

  /** Which of the inputs a further one is, by its place among what a row has beside the first. */
  private int input(int index) {
    int inputs = 1;
    for (int i = 0; i < index; i++) {
      inputs += form.further().get(i).isInput() ? 1 : 0;
    }
    return inputs;
  }

  private Finding ofLabel(InternalRow row) {
    return switch (form.label()) {
      case NAME -> !knownNames.isEmpty() && classOf(row) < 0 ? Finding.LABEL_UNKNOWN : Finding.NONE;
      case CLASS -> ofClass(row.getDouble(TableRows.LABEL), form.classes());
      case CLASS_PER_TIME_STEP, VALUES -> ofLabels(row);
    };
  }

  /** How many numbers the label of a row has, whose features are right. */
  private int labelLength(InternalRow row) {
    if (!form.labelsAreOfAnyLength()) {
      return form.labelLength();
    }
    int numbers = row.getArray(TableRows.FEATURES).numElements();
    return form.labelPadding().size() * form.featurePadding().steps(numbers);
  }

  private Finding ofLabels(InternalRow row) {
    ArrayData labels = row.getArray(TableRows.LABEL);
    if (labels.numElements() != labelLength(row)) {
      return Finding.LABEL_COUNT;
    }
    if (firstMissing(labels) >= 0) {
      return Finding.MISSING;
    }
    if (form.label() == LabelForm.CLASS_PER_TIME_STEP) {
      for (int i = 0; i < labels.numElements(); i++) {
        Finding finding = ofClass(value(labels, i), form.classes());
        if (finding != Finding.NONE) {
          return finding;
        }
      }
    }
    return Finding.NONE;
  }

  private static Finding ofClass(double label, int classes) {
    if (!Double.isFinite(label)) {
      return Finding.MISSING;
    }
    if (label != Math.rint(label)) {
      return Finding.LABEL_NOT_WHOLE;
    }
    return label < 0 || label >= classes ? Finding.LABEL_RANGE : Finding.NONE;
  }

  /** The features of a row without findings; of a sequence, its own steps. */
  double[] features(InternalRow row) {
    if (form.pictures().isThere()) {
      return pixels(pictures.read(row.getBinary(TableRows.FEATURES)));
    }
    double[] numbers = values(row.getArray(TableRows.FEATURES));
    return encoded(0, numbers, row);
  }

  private static double[] pixels(Picture picture) {
    return ((Picture.Pixels) picture).values();
  }

  /** The label of a row without findings, where it is an array; of a sequence, its own steps. */
  double[] labels(InternalRow row) {
    return values(row.getArray(TableRows.LABEL));
  }

  /** What a row without findings has for a further input or output, by its index. */
  double[] further(InternalRow row, int index) {
    if (form.further().get(index).pictures().isThere()) {
      return pixels(furtherPicture(row, index));
    }
    double[] numbers = values(row.getArray(TableRows.FURTHER + index));
    return form.further().get(index).isInput() ? encoded(input(index), numbers, row) : numbers;
  }

  private double[] encoded(int input, double[] numbers, InternalRow row) {
    return isEncoded(input) ? form.encoders().get(input).encode(numbers, texts(row)) : numbers;
  }

  private boolean isEncoded(int input) {
    return !form.encoders().isEmpty() && !form.encoders().get(input).isIdentity();
  }

  /** The class of a row without findings; -1 where its name is not known. */
  int classOf(InternalRow row) {
    if (form.label() == LabelForm.CLASS) {
      return (int) row.getDouble(TableRows.LABEL);
    }
    return knownNames.getOrDefault(name(row), -1);
  }

  /**
   * The classes of a row without findings, by name or index, where weights depend on them; else
   * none.
   */
  List<String> classes(InternalRow row) {
    if (!form.weighting().dependsOnClass()) {
      return List.of();
    }
    return switch (form.label()) {
      case NAME -> List.of(name(row));
      case CLASS -> List.of(String.valueOf(classOf(row)));
      case CLASS_PER_TIME_STEP ->
          Arrays.stream(labels(row)).mapToObj(label -> String.valueOf((int) label)).toList();
      case VALUES -> List.of();
    };
  }

  /** Tells the row from others, its weight included. */
  long identity(InternalRow row) {
    long rank = row.getLong(StoreRows.RANK);
    if (!form.weighting().hasColumn()) {
      return rank;
    }
    int at = TableRows.weight(form);
    long weight = row.isNullAt(at) ? -1 : Double.doubleToLongBits(row.getDouble(at) + 0.0);
    return rank ^ (weight * 0x94D049BB133111EBL);
  }

  /** The name of a row's class. */
  String name(InternalRow row) {
    return row.getUTF8String(TableRows.LABEL).toString();
  }

  /** The row with what is wrong, for a person. */
  String describe(InternalRow row, Finding finding) {
    String culprit = culprit(row, finding);
    return culprit + (culprit.isEmpty() ? "" : " in ") + "the row " + show(row);
  }

  private String culprit(InternalRow row, Finding finding) {
    for (int i = 0; mainFinding(row) == Finding.NONE && i < form.further().size(); i++) {
      if (ofFurther(row, i) != Finding.NONE) {
        FurtherColumn column = form.further().get(i);
        if (column.pictures().isThere() && !row.isNullAt(TableRows.FURTHER + i)) {
          return column.pictures().describe(column.columns().get(0), furtherPicture(row, i)) + ",";
        }
        return String.join(",", column.columns())
            + " of "
            + column.name()
            + ", which takes "
            + column.length()
            + (column.classes() > 0 ? " class from 0 to " + (column.classes() - 1) : " numbers")
            + ",";
      }
    }
    if (finding == Finding.PICTURE_UNREADABLE || finding == Finding.PICTURE_SIZE) {
      Picture picture = pictures.read(row.getBinary(TableRows.FEATURES));
      return form.pictures().describe(form.featureColumns().get(0), picture) + ",";
    }
    if (finding == Finding.CATEGORY_UNKNOWN) {
      return category(row, CategoryEncoder::unknown);
    }
    if (finding == Finding.WEIGHT_NEGATIVE) {
      return weightText(row);
    }
    if (finding == Finding.MISSING) {
      if (row.isNullAt(TableRows.FEATURES)) {
        return form.featureColumns().get(0) + "=null";
      }
      if (!form.pictures().isThere()) {
        ArrayData features = row.getArray(TableRows.FEATURES);
        int index = firstMissing(features);
        if (index >= 0) {
          return form.featureName(index) + "=" + text(features, index);
        }
      }
      if (form.hasCategories() && !row.isNullAt(TableRows.LABEL)) {
        String category = category(row, CategoryEncoder::missing);
        if (!category.isEmpty()) {
          return category;
        }
      }
      if (form.weighting().hasColumn() && !row.isNullAt(TableRows.LABEL) && isLabelThere(row)) {
        return weightText(row);
      }
    }
    if (finding == Finding.FEATURE_COUNT) {
      return row.getArray(TableRows.FEATURES).numElements()
          + " features for "
          + (form.ofAnyLength()
              ? "time steps of " + form.featureShape().get(0) + " inputs"
              : form.featureLength() + " inputs " + form.featureShape());
    }
    if (finding == Finding.LABEL_COUNT) {
      return row.getArray(TableRows.LABEL).numElements()
          + " values for an output of "
          + labelLength(row);
    }
    if (finding == Finding.LABEL_RANGE) {
      return String.join(",", form.labelColumns())
          + "="
          + labelText(row)
          + ", allowed is 0 to "
          + (form.classes() - 1)
          + ",";
    }
    return String.join(",", form.labelColumns()) + "=" + labelText(row);
  }

  private boolean isLabelThere(InternalRow row) {
    return ofLabel(row) != Finding.MISSING;
  }

  /** The column and text of the first category of which something is true. */
  private String category(
      InternalRow row, BiFunction<CategoryEncoder, IntFunction<String>, OptionalInt> which) {
    List<List<String>> columns = new ArrayList<>(List.of(form.featureColumns()));
    form.further().stream()
        .filter(FurtherColumn::isInput)
        .forEach(input -> columns.add(input.columns()));
    for (int i = 0; i < form.encoders().size(); i++) {
      CategoryEncoder encoder = form.encoders().get(i);
      OptionalInt place = which.apply(encoder, texts(row));
      if (place.isPresent()) {
        String text = encoder.text(place.getAsInt(), texts(row));
        return columns.get(i).get(place.getAsInt())
            + "="
            + (text == null ? "null" : "'" + text + "'");
      }
    }
    return "";
  }

  private String weightText(InternalRow row) {
    int at = TableRows.weight(form);
    return form.weighting().column() + "=" + (row.isNullAt(at) ? "null" : plain(row.getDouble(at)));
  }

  private String show(InternalRow row) {
    List<String> parts = new ArrayList<>();
    if (row.isNullAt(TableRows.FEATURES)) {
      parts.add(form.featureColumns().get(0) + "=null");
    } else if (form.pictures().isThere()) {
      int bytes = row.getBinary(TableRows.FEATURES).length;
      parts.add(form.featureColumns().get(0) + "=[" + bytes + " bytes]");
    } else {
      ArrayData features = row.getArray(TableRows.FEATURES);
      boolean named = form.featureColumns().size() > 1;
      List<String> values = new ArrayList<>();
      for (int i = 0; i < Math.min(SHOWN, features.numElements()); i++) {
        values.add((named ? form.featureName(i) + "=" : "") + shown(row, features, i));
      }
      if (features.numElements() > SHOWN) {
        values.add("…");
      }
      String joined = String.join(", ", values);
      parts.add(named ? joined : form.featureColumns().get(0) + "=[" + joined + "]");
    }
    parts.add(String.join(",", form.labelColumns()) + "=" + labelText(row));
    return "(" + String.join(", ", parts) + ")";
  }

  /** A value of the features, or the category that stands in its place. */
  private String shown(InternalRow row, ArrayData features, int index) {
    boolean isCategory =
        isEncoded(0)
            && form.encoders().get(0).categorical().stream()
                .anyMatch(column -> column.place() == index);
    if (isCategory) {
      return form.encoders().get(0).text(index, texts(row));
    }
    return text(features, index);
  }

  private String labelText(InternalRow row) {
    if (row.isNullAt(TableRows.LABEL)) {
      return "null";
    }
    return switch (form.label()) {
      case NAME -> "'" + name(row) + "'";
      case CLASS -> plain(row.getDouble(TableRows.LABEL));
      case CLASS_PER_TIME_STEP, VALUES -> {
        ArrayData labels = row.getArray(TableRows.LABEL);
        List<String> values = new ArrayList<>();
        for (int i = 0; i < Math.min(SHOWN, labels.numElements()); i++) {
          values.add(text(labels, i));
        }
        yield "[" + String.join(", ", values) + (labels.numElements() > SHOWN ? ", …]" : "]");
      }
    };
  }

  private int firstMissing(ArrayData values) {
    for (int i = 0; i < values.numElements(); i++) {
      if (values.isNullAt(i) || !Double.isFinite(value(values, i))) {
        return i;
      }
    }
    return -1;
  }

  private double[] values(ArrayData array) {
    double[] values = new double[array.numElements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = value(array, i) + 0.0;
    }
    return values;
  }

  private double value(ArrayData array, int index) {
    return form.dataType() == DataType.FLOAT ? array.getFloat(index) : array.getDouble(index);
  }

  private String text(ArrayData array, int index) {
    return array.isNullAt(index) ? "null" : plain(value(array, index));
  }

  private static String plain(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? String.valueOf((long) value)
        : String.valueOf(value);
  }
}
