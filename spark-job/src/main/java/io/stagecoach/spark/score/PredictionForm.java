package io.stagecoach.spark.score;

import io.stagecoach.batch.Columns;
import io.stagecoach.spark.data.Learned;
import io.stagecoach.spark.data.ModelShape;
import java.util.ArrayList;
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
    if (shape.furtherInputs().isEmpty()) {
      return List.of(Columns.FEATURES);
    }
    List<String> names = new ArrayList<>();
    names.add(Columns.features(shape.inputName().orElseThrow()));
    shape.furtherInputs().forEach(input -> names.add(Columns.features(input.name())));
    return names;
  }
}
