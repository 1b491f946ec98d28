package io.stagecoach.model.gpt.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.model.gpt.ComputePaths;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class CpuPathTest {

  @Test
  void itIsTakenForFloatsOnly() {
    assertThat(ComputePaths.of(DataType.FLOAT)).isInstanceOf(CpuPath.class);
    assertThat(ComputePaths.of(DataType.DOUBLE).name()).isEqualTo("nd4j");
  }

  @Test
  void arraysThatAreNotContiguousAreRefused() {
    assertThat(Floats.of(Nd4j.create(2, 3)).length()).isEqualTo(6);
    assertThatThrownBy(() -> Floats.of(Nd4j.create(2, 3).transpose()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("contiguous");
  }
}
