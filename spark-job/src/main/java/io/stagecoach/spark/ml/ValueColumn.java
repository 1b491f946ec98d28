package io.stagecoach.spark.ml;

import io.stagecoach.spark.score.ExampleOutput;
import io.stagecoach.spark.score.OutputColumns;
import java.util.List;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;

/** The prediction of a regressor, as Spark ML's own have it. */
record ValueColumn(String prediction) implements OutputColumns {

  @Override
  public List<StructField> fields() {
    return List.of(DataTypes.createStructField(prediction, DataTypes.DoubleType, false));
  }

  @Override
  public List<Object> of(List<ExampleOutput> outputs) {
    return List.of(outputs.get(0).at(0)[0]);
  }
}
