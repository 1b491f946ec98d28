package io.stagecoach.spark.score;

import io.stagecoach.spark.data.ModelShape;
import io.stagecoach.spark.data.ModelShape.Output;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;

/**
 * Columns of plain types. For classes {@code prediction} is the class, by its name where it has
 * one, and {@code probability} an array of the probabilities of all; for values {@code prediction}
 * is the value, or an array of them. With time, each is an array over the time steps. Where a
 * network has several outputs, {@code _NAME} is behind each.
 */
public final class PlainColumns implements OutputColumns {

  private static final long serialVersionUID = 1L;

  private record OutputColumn(
      String suffix, boolean classes, int width, boolean perTimeStep, List<String> names)
      implements Serializable {

    OutputColumn {
      names = List.copyOf(names);
    }

    DataType predicted() {
      DataType one =
          classes
              ? names.isEmpty() ? DataTypes.IntegerType : DataTypes.StringType
              : width == 1 ? DataTypes.DoubleType : DataTypes.createArrayType(DataTypes.DoubleType);
      return perTimeStep ? DataTypes.createArrayType(one) : one;
    }

    DataType probability() {
      DataType one = DataTypes.createArrayType(DataTypes.DoubleType);
      return perTimeStep ? DataTypes.createArrayType(one) : one;
    }

    Object predicted(ExampleOutput output, int timeStep) {
      if (classes) {
        int index = output.largest(timeStep);
        return names.isEmpty() ? (Object) index : names.get(index);
      }
      double[] values = output.at(timeStep);
      return values.length == 1 ? (Object) values[0] : boxed(values);
    }
  }

  private final List<OutputColumn> outputs;

  private PlainColumns(List<OutputColumn> outputs) {
    this.outputs = List.copyOf(outputs);
  }

  /** The columns of a model's outputs. */
  public static PlainColumns of(PredictionForm form) {
    ModelShape shape = form.shape();
    List<OutputColumn> columns = new ArrayList<>();
    for (String name : form.outputs()) {
      Optional<ModelShape.FurtherOutput> further =
          shape.furtherOutputs().stream().filter(output -> output.name().equals(name)).findFirst();
      String suffix = shape.furtherOutputs().isEmpty() ? "" : "_" + name;
      columns.add(
          further
              .map(
                  output ->
                      new OutputColumn(
                          suffix,
                          output.output() == Output.CLASSES,
                          output.outputs(),
                          output.perTimeStep(),
                          List.of()))
              .orElseGet(
                  () ->
                      new OutputColumn(
                          suffix,
                          shape.output() == Output.CLASSES,
                          shape.outputs(),
                          shape.perTimeStep(),
                          form.learned().labelNames())));
    }
    return new PlainColumns(columns);
  }

  @Override
  public List<StructField> fields() {
    List<StructField> fields = new ArrayList<>();
    for (OutputColumn output : outputs) {
      fields.add(
          DataTypes.createStructField("prediction" + output.suffix(), output.predicted(), true));
      if (output.classes()) {
        fields.add(
            DataTypes.createStructField(
                "probability" + output.suffix(), output.probability(), true));
      }
    }
    return fields;
  }

  @Override
  public List<Object> of(List<ExampleOutput> examples) {
    List<Object> values = new ArrayList<>();
    for (int i = 0; i < outputs.size(); i++) {
      OutputColumn output = outputs.get(i);
      ExampleOutput example = examples.get(i);
      values.add(
          output.perTimeStep()
              ? IntStream.range(0, example.timeSteps())
                  .mapToObj(t -> output.predicted(example, t))
                  .toArray()
              : output.predicted(example, 0));
      if (output.classes()) {
        values.add(
            output.perTimeStep()
                ? IntStream.range(0, example.timeSteps())
                    .mapToObj(t -> boxed(example.at(t)))
                    .toArray()
                : boxed(example.at(0)));
      }
    }
    return values;
  }

  private static Double[] boxed(double[] values) {
    return Arrays.stream(values).boxed().toArray(Double[]::new);
  }
}
