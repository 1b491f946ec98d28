package io.stagecoach.spark.data;

import io.stagecoach.batch.ColumnData;
import io.stagecoach.batch.ColumnSpec;
import io.stagecoach.batch.Columns;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.catalyst.InternalRow;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.preprocessor.Normalizer;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Chunks of a table's rows: the features of all inputs, normalized, the labels of all outputs, and
 * the weights of the rows where they have any: a row's own times its class's in the training part,
 * and 1 in the validation part, which measures what is, not what is to be learned. Rows in which
 * something is missing are left out; that nothing else is wrong with any was made sure before.
 */
final class TableChunks implements ChunkFormat {

  private final TableForm form;
  private final RowCheck check;
  private final byte[] normalizer;
  private final ColumnSpec features;
  private final ColumnSpec labels;
  private final List<ColumnSpec> further;
  private final double[] classWeights;
  private final List<ColumnSpec> weights;
  private final List<ColumnSpec> masks;

  /**
   * @param form what every row is
   * @param check reads the rows, with the names of the classes
   * @param normalizer a normalizer as bytes; empty for none
   * @param classWeights what each class counts; empty where all count the same
   */
  TableChunks(TableForm form, RowCheck check, byte[] normalizer, double[] classWeights) {
    this.form = form;
    this.check = check;
    this.normalizer = normalizer.clone();
    ColumnSpec.Type floats =
        form.dataType() == DataType.FLOAT ? ColumnSpec.Type.FLOAT32 : ColumnSpec.Type.FLOAT64;
    this.features =
        new ColumnSpec(form.storedFeatures(), floats, form.featureShape(), form.featuresHaveTime());
    this.labels =
        new ColumnSpec(
            form.storedLabels(),
            form.label() == LabelForm.VALUES ? floats : ColumnSpec.Type.INT32,
            form.labelShape(),
            form.labelsHaveTime());
    this.further = form.further().stream().map(column -> spec(column, floats)).toList();
    this.classWeights = classWeights.clone();
    this.weights = form.weighting().isThere() ? weights(form, floats) : List.of();
    this.masks = form.ofAnyLength() ? masks(form, floats) : List.of();
  }

  /** Of the features, and where there is a label for each time step, of the labels. */
  private static List<ColumnSpec> masks(TableForm form, ColumnSpec.Type floats) {
    List<Integer> steps = form.featureShape().subList(1, 2);
    List<ColumnSpec> masks = new ArrayList<>();
    masks.add(new ColumnSpec(form.storedFeaturesMask(), floats, steps, true));
    if (form.labelsAreOfAnyLength()) {
      masks.add(new ColumnSpec(form.storedLabelsMask(), floats, steps, true));
    }
    return masks;
  }

  /** Of the output whose labels are counted, for each label; of further ones, for each row. */
  private static List<ColumnSpec> weights(TableForm form, ColumnSpec.Type floats) {
    List<ColumnSpec> weights = new ArrayList<>();
    boolean perStep = form.label() == LabelForm.CLASS_PER_TIME_STEP;
    weights.add(
        new ColumnSpec(
            form.storedWeights(), floats, perStep ? form.labelShape() : List.of(), perStep));
    form.further().stream()
        .filter(column -> !column.isInput())
        .forEach(column -> weights.add(ColumnSpec.of(Columns.weights(column.name()), floats)));
    return weights;
  }

  private static ColumnSpec spec(FurtherColumn column, ColumnSpec.Type floats) {
    ColumnSpec.Type type =
        column.content() == FurtherColumn.Content.CLASS ? ColumnSpec.Type.INT32 : floats;
    return new ColumnSpec(column.stored(), type, column.shape(), column.hasTime());
  }

  @Override
  public List<ColumnSpec> columns() {
    return Stream.of(List.of(features, labels), further, weights, masks)
        .flatMap(List::stream)
        .toList();
  }

  @Override
  public Builder builder() {
    return new TableBuilder();
  }

  private final class TableBuilder implements Builder {

    private final Normalizer<?> scaler =
        normalizer.length == 0 ? null : Normalizers.fromBytes(normalizer);
    private final List<double[]> inputs = new ArrayList<>();
    private final List<double[]> outputs = new ArrayList<>();
    private final List<double[]> counted = new ArrayList<>();
    private final List<double[]> ofRows = new ArrayList<>();
    private final List<double[]> ownSteps = new ArrayList<>();
    private final List<List<double[]>> others =
        further.stream().map(column -> (List<double[]>) new ArrayList<double[]>()).toList();

    @Override
    public void add(InternalRow row) {
      if (check.find(row) != Finding.NONE) {
        return;
      }
      addFeatures(check.features(row));
      double[] label =
          switch (form.label()) {
            case NAME, CLASS -> new double[] {check.classOf(row)};
            case CLASS_PER_TIME_STEP, VALUES ->
                form.labelsAreOfAnyLength()
                    ? form.labelPadding().padded(check.labels(row))
                    : check.labels(row);
          };
      outputs.add(label);
      if (!weights.isEmpty()) {
        addWeights(row, label);
      }
      for (int i = 0; i < others.size(); i++) {
        others.get(i).add(check.further(row, i));
      }
    }

    private void addFeatures(double[] own) {
      if (form.ofAnyLength()) {
        Padding padding = form.featurePadding();
        inputs.add(padding.padded(own));
        ownSteps.add(padding.mask(padding.steps(own.length)));
      } else {
        inputs.add(own);
      }
    }

    private void addWeights(InternalRow row, double[] label) {
      double ofRow = row.getBoolean(StoreRows.VALIDATION) ? 1 : check.weight(row);
      boolean byClass = classWeights.length > 0 && !row.getBoolean(StoreRows.VALIDATION);
      double[] all = new double[weights.get(0).rowElements()];
      for (int i = 0; i < all.length; i++) {
        all[i] = byClass ? ofRow * classWeights[(int) label[i]] : ofRow;
      }
      counted.add(all);
      ofRows.add(new double[] {ofRow});
    }

    @Override
    public int rows() {
      return inputs.size();
    }

    @Override
    public List<ColumnData> take() {
      List<double[]> features = new ArrayList<>();
      features.add(concatenated(inputs));
      others.forEach(rows -> features.add(concatenated(rows)));
      double[] steps = concatenated(ownSteps);
      if (scaler != null) {
        scale(features);
        if (form.ofAnyLength()) {
          form.featurePadding().clear(features.get(0), steps);
        }
      }
      List<ColumnData> columns = new ArrayList<>();
      columns.add(column(TableChunks.this.features, features.get(0)));
      columns.add(column(labels, concatenated(outputs)));
      for (int i = 0; i < others.size(); i++) {
        columns.add(column(further.get(i), features.get(i + 1)));
        others.get(i).clear();
      }
      for (int i = 0; i < weights.size(); i++) {
        columns.add(column(weights.get(i), concatenated(i == 0 ? counted : ofRows)));
      }
      masks.forEach(mask -> columns.add(column(mask, steps)));
      inputs.clear();
      ownSteps.clear();
      outputs.clear();
      counted.clear();
      ofRows.clear();
      return columns;
    }

    /**
     * DL4J itself scales, in the network's type, so that its own scaling gives the same.
     *
     * @param values the features, then what further inputs and outputs have; the inputs are
     *     replaced
     */
    private void scale(List<double[]> values) {
      List<Integer> places = new ArrayList<>(List.of(0));
      List<INDArray> examples = new ArrayList<>();
      examples.add(examples(values.get(0), form.featureShape()));
      for (int i = 0; i < others.size(); i++) {
        FurtherColumn column = form.further().get(i);
        if (column.isInput()) {
          places.add(i + 1);
          examples.add(examples(values.get(i + 1), column.shape()));
        }
      }
      Normalizers.transform(scaler, examples);
      for (int i = 0; i < places.size(); i++) {
        values.set(places.get(i), examples.get(i).data().asDouble());
      }
      examples.forEach(INDArray::close);
    }

    private INDArray examples(double[] values, List<Integer> example) {
      long[] shape = TableForm.shapeOf(inputs.size(), example);
      try (INDArray doubles = Nd4j.createFromArray(values)) {
        INDArray examples = Nd4j.createUninitialized(form.dataType(), shape, 'c');
        examples.assign(doubles.reshape(shape));
        return examples;
      }
    }
  }

  /** All of them, one after another. */
  static double[] concatenated(List<double[]> rows) {
    double[] values = new double[Math.toIntExact(rows.stream().mapToLong(row -> row.length).sum())];
    int at = 0;
    for (double[] row : rows) {
      System.arraycopy(row, 0, values, at, row.length);
      at += row.length;
    }
    return values;
  }

  /** Values as a column of whatever type it has. */
  static ColumnData column(ColumnSpec spec, double[] values) {
    return switch (spec.type()) {
      case FLOAT32 -> {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
          floats[i] = (float) values[i];
        }
        yield ColumnData.of(spec, floats);
      }
      case FLOAT64 -> ColumnData.of(spec, values);
      case INT32 -> {
        int[] integers = new int[values.length];
        for (int i = 0; i < integers.length; i++) {
          integers[i] = (int) values[i];
        }
        yield ColumnData.of(spec, integers);
      }
      case INT64, UINT8, BOOL ->
          throw new IllegalStateException("no column of a table is " + spec.type());
    };
  }
}
