package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.engine.dl4j.Dl4jModel;
import io.stagecoach.model.DataShape;
import io.stagecoach.model.ModelPresets;
import io.stagecoach.spark.data.ModelShape;
import io.stagecoach.spark.data.ModelShape.Output;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;

class ModelShapesTest {

  /** How long the sequences are is the data's to say. */
  @ParameterizedTest
  @ValueSource(strings = {"char-lstm", "gpt-tiny"})
  void modelsOfTextTakeSequencesOfAnyLength(String preset) {
    String json =
        ModelPresets.named(preset).configuration(new DataShape.Text(61), Map.of()).toJson();
    assertThat(ModelShapes.of(Dl4jModel.parse(json)))
        .isEqualTo(
            new ModelShape(List.of(1, ModelShape.ANY), 61, Output.CLASSES, true, DataType.FLOAT));
  }
}
