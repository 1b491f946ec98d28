package io.stagecoach.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class MicroBatchesTest {

  @Property
  void everyRowIsInExactlyOneMicroBatch(
      @ForAll @IntRange(min = 0, max = 500) int rows,
      @ForAll @IntRange(min = 1, max = 60) int batchSize,
      @ForAll @IntRange(min = 1, max = 12) int microBatches) {
    MicroBatches cut = new MicroBatches(rows, batchSize, microBatches);
    long next = 0;
    for (long step = 0; step < cut.steps(); step++) {
      List<Slice> slices = cut.slices(Slice.Split.TRAINING, 3, step);
      assertThat(slices).isNotEmpty().hasSizeLessThanOrEqualTo(microBatches);
      assertThat(slices.get(0).firstRow()).isEqualTo(step * batchSize);
      for (int i = 0; i < slices.size(); i++) {
        Slice slice = slices.get(i);
        assertThat(slice.firstRow()).isEqualTo(next);
        assertThat(slice.epoch()).isEqualTo(3);
        next += slice.rows();
        if (i < slices.size() - 1) {
          assertThat(slice.rows()).isEqualTo(cut.microBatchSize());
        } else {
          assertThat(slice.rows()).isLessThanOrEqualTo(cut.microBatchSize());
        }
      }
      assertThat(slices.stream().mapToInt(Slice::rows).sum()).isEqualTo(cut.rowsOf(step));
      assertThat(cut.rowsOf(step) == batchSize).isEqualTo(step < cut.fullSteps());
    }
    assertThat(next).isEqualTo(rows);
  }

  @Property
  void aBatchThatDividesIsCutIntoEqualParts(
      @ForAll @IntRange(min = 1, max = 20) int size,
      @ForAll @IntRange(min = 1, max = 12) int microBatches) {
    MicroBatches cut = new MicroBatches(1000, size * microBatches, microBatches);
    if (cut.fullSteps() > 0) {
      assertThat(cut.slices(Slice.Split.TRAINING, 0, 0))
          .hasSize(microBatches)
          .allMatch(s -> s.rows() == size);
    }
  }

  @Test
  void aStepBeyondTheEpochIsRefused() {
    MicroBatches cut = new MicroBatches(10, 4, 2);
    assertThat(cut.steps()).isEqualTo(3);
    assertThatThrownBy(() -> cut.slices(Slice.Split.TRAINING, 0, 3))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
