package io.stagecoach.spark.ui;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class StepMetricsTest {

  @Test
  void stagesOfReplicasHaveNamesOfTheirOwn() {
    assertThat(new StepMetrics(1, 2, Map::of).registry().getNames())
        .contains("stage.0.busy", "stage.1.idle")
        .noneMatch(name -> name.startsWith("replica."));
    assertThat(new StepMetrics(2, 2, Map::of).registry().getNames())
        .contains("replica.0.stage.0.busy", "replica.1.stage.1.idle")
        .noneMatch(name -> name.startsWith("stage.") || name.startsWith("replica.2"));
  }
}
