package io.stagecoach.spark.ml;

import io.stagecoach.spark.score.ExampleOutput;
import io.stagecoach.spark.score.OutputColumns;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.ml.attribute.NominalAttribute;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;

/**
 * Raw prediction, probability and prediction of a classifier, as Spark ML's own have them.
 *
 * @param prediction the column of the class's index; with names, they are its attribute's values
 * @param probability the column of the probabilities; empty for none
 * @param rawPrediction the column of their logarithms; empty for none
 */
record ClassColumns(String prediction, String probability, String rawPrediction, List<String> names)
    implements OutputColumns {

  ClassColumns {
    names = List.copyOf(names);
  }

  @Override
  public List<StructField> fields() {
    List<StructField> fields = new ArrayList<>();
    for (String column : List.of(rawPrediction, probability)) {
      if (!column.isEmpty()) {
        fields.add(DataTypes.createStructField(column, SQLDataTypes.VectorType(), true));
      }
    }
    if (!prediction.isEmpty()) {
      fields.add(DataTypes.createStructField(prediction, DataTypes.DoubleType, false, attribute()));
    }
    return fields;
  }

  private Metadata attribute() {
    return names.isEmpty()
        ? Metadata.empty()
        : NominalAttribute.defaultAttr()
            .withName(prediction)
            .withValues(names.toArray(String[]::new))
            .toMetadata();
  }

  @Override
  public List<Object> of(List<ExampleOutput> outputs) {
    ExampleOutput output = outputs.get(0);
    double[] probabilities = output.at(0);
    List<Object> values = new ArrayList<>();
    if (!rawPrediction.isEmpty()) {
      // Of a probability of zero, what the smallest one has.
      values.add(
          Vectors.dense(
              Arrays.stream(probabilities)
                  .map(p -> Math.log(Math.max(p, Double.MIN_VALUE)))
                  .toArray()));
    }
    if (!probability.isEmpty()) {
      values.add(Vectors.dense(probabilities));
    }
    if (!prediction.isEmpty()) {
      values.add((double) output.largest(0));
    }
    return values;
  }
}
