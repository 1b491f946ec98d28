package io.stagecoach.spark.score;

import io.stagecoach.batch.Columns;
import io.stagecoach.spark.data.Learned;
import io.stagecoach.spark.data.ModelShape;
import java.util.List;

/**
 * What of a model the columns of a table depend on.
 *
 * @param shape what the network takes and puts out
 * @param outputs the names of its outputs, in DL4J's order
 * @param learned what it learned from the data of training
 */
public record PredictionForm(ModelShape shape, List<String> outputs, Learned learned) {

  public PredictionForm {
    outputs = List.copyOf(outputs);
  }

  /** The names by which stages read the features of each input, in DL4J's order. */
  List<String> featureColumns() {
    return shape.furtherInputs().isEmpty()
        ? List.of(Columns.FEATURES)
        : shape.inputs().stream().map(input -> Columns.features(input.name())).toList();
  }
}
