package io.stagecoach.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class BlocksTest {

  @Property
  void everyMicroBatchIsInOneBlockAndBlocksAreAsEvenAsTheyCanBe(
      @ForAll @IntRange(min = 1, max = 200) int microBatches,
      @ForAll @IntRange(min = 1, max = 40) int count) {
    Blocks blocks = new Blocks(microBatches, count);
    assertThat(blocks.first(0)).isZero();
    assertThat(blocks.first(count)).isEqualTo(microBatches);
    int fewest = microBatches / count;
    int most = (microBatches + count - 1) / count;
    for (int block = 0; block < count; block++) {
      assertThat(blocks.size(block)).isBetween(fewest, most);
      for (int m = blocks.first(block); m < blocks.first(block + 1); m++) {
        assertThat(blocks.of(m)).isEqualTo(block);
      }
    }
    assertThat(blocks.longest()).isEqualTo(most).isEqualTo(blocks.size(0));
  }

  @Test
  void oneOfNothingIsRefused() {
    assertThatThrownBy(() -> new Blocks(0, 2)).hasMessageContaining("0 micro-batches");
    assertThatThrownBy(() -> new Blocks(2, 0)).hasMessageContaining("0 blocks");
  }
}
