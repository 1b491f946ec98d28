package io.stagecoach.spark.ui;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SourceNamesTest {

  @Test
  void runsAtTheSameTimeHaveNamesOfTheirOwn() {
    SourceNames names = new SourceNames();
    assertThat(names.take()).isEqualTo("stagecoach");
    assertThat(names.take()).isEqualTo("run2.stagecoach");
    assertThat(names.take()).isEqualTo("run3.stagecoach");
    names.giveBack("run2.stagecoach");
    assertThat(names.take()).isEqualTo("run2.stagecoach");
    names.giveBack("stagecoach");
    assertThat(names.take()).isEqualTo("stagecoach");
  }
}
