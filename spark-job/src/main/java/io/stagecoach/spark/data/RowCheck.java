package io.stagecoach.spark.data;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
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

  /** The classes by name, where they are known already; empty where not. */
  private final HashMap<String, Integer> knownNames = new HashMap<>();

  RowCheck(TableForm form, List<String> knownNames) {
    this.form = form;
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
    ArrayData features = row.getArray(TableRows.FEATURES);
    if (features.numElements() != form.featureLength()) {
      return Finding.FEATURE_COUNT;
    }
    if (firstMissing(features) >= 0) {
      return Finding.MISSING;
    }
    return ofLabel(row);
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
    ArrayData values = row.getArray(TableRows.FURTHER + index);
    if (values.numElements() != column.length()) {
      return column.isInput() ? Finding.FEATURE_COUNT : Finding.LABEL_COUNT;
    }
    if (firstMissing(values) >= 0) {
      return Finding.MISSING;
    }
    return column.content() == FurtherColumn.Content.CLASS
        ? ofClass(value(values, 0), column.classes())
        : Finding.NONE;
  }

  private Finding ofLabel(InternalRow row) {
    return switch (form.label()) {
      case NAME -> !knownNames.isEmpty() && classOf(row) < 0 ? Finding.LABEL_UNKNOWN : Finding.NONE;
      case CLASS -> ofClass(row.getDouble(TableRows.LABEL), form.classes());
      case CLASS_PER_TIME_STEP, VALUES -> ofLabels(row.getArray(TableRows.LABEL));
    };
  }

  private Finding ofLabels(ArrayData labels) {
    if (labels.numElements() != form.labelLength()) {
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

  /** The features of a row without findings. */
  double[] features(InternalRow row) {
    return values(row.getArray(TableRows.FEATURES));
  }

  /** The label of a row without findings, where it is an array. */
  double[] labels(InternalRow row) {
    return values(row.getArray(TableRows.LABEL));
  }

  /** What a row without findings has for a further input or output, by its index. */
  double[] further(InternalRow row, int index) {
    return values(row.getArray(TableRows.FURTHER + index));
  }

  /** The class of a row without findings; -1 where its name is not known. */
  int classOf(InternalRow row) {
    if (form.label() == LabelForm.CLASS) {
      return (int) row.getDouble(TableRows.LABEL);
    }
    return knownNames.getOrDefault(name(row), -1);
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
        return String.join(",", column.columns())
            + " of "
            + column.name()
            + ", which takes "
            + column.length()
            + (column.classes() > 0 ? " class from 0 to " + (column.classes() - 1) : " numbers")
            + ",";
      }
    }
    if (finding == Finding.MISSING) {
      if (row.isNullAt(TableRows.FEATURES)) {
        return form.featureColumns().get(0) + "=null";
      }
      ArrayData features = row.getArray(TableRows.FEATURES);
      int index = firstMissing(features);
      if (index >= 0) {
        return form.featureName(index) + "=" + text(features, index);
      }
    }
    if (finding == Finding.FEATURE_COUNT) {
      return row.getArray(TableRows.FEATURES).numElements()
          + " features for "
          + form.featureLength()
          + " inputs "
          + form.featureShape();
    }
    if (finding == Finding.LABEL_COUNT) {
      return row.getArray(TableRows.LABEL).numElements()
          + " values for an output of "
          + form.labelLength();
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

  private String show(InternalRow row) {
    List<String> parts = new ArrayList<>();
    if (row.isNullAt(TableRows.FEATURES)) {
      parts.add(form.featureColumns().get(0) + "=null");
    } else {
      ArrayData features = row.getArray(TableRows.FEATURES);
      boolean named = form.featureColumns().size() > 1;
      List<String> values = new ArrayList<>();
      for (int i = 0; i < Math.min(SHOWN, features.numElements()); i++) {
        values.add((named ? form.featureName(i) + "=" : "") + text(features, i));
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
