package io.stagecoach.spark.data;

import io.stagecoach.batch.ColumnSpec;
import io.stagecoach.batch.Columns;
import io.stagecoach.engine.dl4j.Dl4jModel;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Which column of the batch store each array of a data set becomes: features and their masks in the
 * order of the network's inputs, labels and theirs in that of its outputs.
 *
 * @param features the names of the columns of features
 * @param featuresMasks the names of their masks' columns
 * @param labels the names of the columns of labels
 * @param labelsMasks the names of their masks' columns
 * @param floats the type of all of them: the network's
 */
record DataSetColumns(
    List<String> features,
    List<String> featuresMasks,
    List<String> labels,
    List<String> labelsMasks,
    ColumnSpec.Type floats)
    implements Serializable {

  /**
   * An array that becomes a column.
   *
   * @param name the column's name
   * @param array all its rows
   * @param sequence whether its last axis is time
   */
  record Part(String name, INDArray array, boolean sequence) {

    /** The shape of one example. */
    List<Integer> rowShape() {
      return Arrays.stream(array.shape()).skip(1).mapToObj(Math::toIntExact).toList();
    }
  }

  /** The columns of a network's data sets. */
  static DataSetColumns of(Dl4jModel model) {
    return new DataSetColumns(
        names(model.inputs(), Columns.FEATURES, Columns::features),
        names(model.inputs(), Columns.FEATURES_MASK, Columns::featuresMask),
        names(model.outputs(), Columns.LABELS, Columns::labels),
        names(model.outputs(), Columns.LABELS_MASK, Columns::labelsMask),
        model.dataType() == DataType.FLOAT ? ColumnSpec.Type.FLOAT32 : ColumnSpec.Type.FLOAT64);
  }

  private static List<String> names(List<String> parts, String only, UnaryOperator<String> named) {
    return parts.size() == 1 ? List.of(only) : parts.stream().map(named).toList();
  }

  /**
   * The arrays of a data set.
   *
   * @throws io.stagecoach.error.StagecoachException DATA where it has more or fewer than the
   *     network
   */
  List<Part> parts(MultiDataSet set) {
    List<Part> parts = new ArrayList<>();
    add("features", features, set.getFeatures(), featuresMasks, set.getFeaturesMaskArrays(), parts);
    add("labels", labels, set.getLabels(), labelsMasks, set.getLabelsMaskArrays(), parts);
    return parts;
  }

  private static void add(
      String what,
      List<String> names,
      INDArray[] arrays,
      List<String> maskNames,
      INDArray[] masks,
      List<Part> parts) {
    int count = arrays == null ? 0 : arrays.length;
    if (count != names.size() || Arrays.asList(arrays).contains(null)) {
      throw DataErrors.data(
          "a data set has " + count + " arrays of " + what + ", the network reads " + names.size(),
          "Give each data set what the network has inputs and outputs for, in their order.");
    }
    for (int i = 0; i < arrays.length; i++) {
      boolean sequence = arrays[i].rank() == 3;
      parts.add(new Part(names.get(i), arrays[i], sequence));
      if (masks != null && i < masks.length && masks[i] != null) {
        parts.add(new Part(maskNames.get(i), masks[i], sequence && masks[i].rank() == 2));
      }
    }
  }

  /** The columns that a data set's arrays make. */
  List<ColumnSpec> specs(MultiDataSet set) {
    return parts(set).stream()
        .map(part -> new ColumnSpec(part.name(), floats, part.rowShape(), part.sequence()))
        .toList();
  }

  /**
   * The same columns, where indices of a sequence that are a row of each example, {@code [time]},
   * are what the network reads them as, {@code [1, time]}.
   */
  List<ColumnSpec> asRead(List<ColumnSpec> specs, ModelShape shape) {
    return specs.stream().map(spec -> asRead(spec, shape)).toList();
  }

  private ColumnSpec asRead(ColumnSpec spec, ModelShape shape) {
    int input = features.indexOf(spec.name());
    int masked = featuresMasks.indexOf(spec.name());
    if (spec.rowShape().size() != 1 || Math.max(input, masked) < 0) {
      return spec;
    }
    List<Integer> read = inputShape(shape, Math.max(input, masked));
    if (read.size() != 2 || read.get(0) != 1) {
      return spec;
    }
    int time = spec.rowShape().get(0);
    return input < 0
        ? new ColumnSpec(spec.name(), floats, spec.rowShape(), true)
        : new ColumnSpec(spec.name(), floats, List.of(1, time), true);
  }

  /** The shape of one example of an input, by its place among the network's inputs. */
  private static List<Integer> inputShape(ModelShape shape, int input) {
    return shape.inputs().get(input).shape();
  }

  /**
   * That the features have the shapes that the network reads.
   *
   * @throws io.stagecoach.error.StagecoachException DATA where they do not
   */
  void requireRead(List<ColumnSpec> specs, ModelShape shape) {
    for (ColumnSpec spec : specs) {
      int input = features.indexOf(spec.name());
      if (input >= 0) {
        List<Integer> read = inputShape(shape, input);
        if (!isReadAs(spec.rowShape(), read)) {
          throw DataErrors.data(
              spec.name()
                  + " of an example have the shape "
                  + spec.rowShape()
                  + ", the network reads "
                  + read.toString().replace(String.valueOf(ModelShape.ANY), "any"),
              "Give features of that shape, or change the network's input.");
        }
      }
    }
  }

  private static boolean isReadAs(List<Integer> row, List<Integer> read) {
    if (row.size() != read.size()) {
      return !read.contains(ModelShape.ANY) && product(row) == product(read);
    }
    for (int i = 0; i < row.size(); i++) {
      if (read.get(i) != ModelShape.ANY && !read.get(i).equals(row.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static long product(List<Integer> shape) {
    return shape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
  }
}
