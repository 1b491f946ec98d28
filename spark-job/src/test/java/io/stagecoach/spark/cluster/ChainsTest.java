package io.stagecoach.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every pair, in as few orders as there can be. */
class ChainsTest {

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 5, 6, 7, 8, 11, 12})
  void eachIsTheNeighbourOfEachOther(int count) {
    List<List<Integer>> chains = Chains.of(count);
    Set<Set<Integer>> pairs = new HashSet<>();
    for (List<Integer> chain : chains) {
      assertThat(chain)
          .containsExactlyInAnyOrderElementsOf(IntStream.range(0, count).boxed().toList());
      for (int i = 1; i < count; i++) {
        pairs.add(Set.of(chain.get(i - 1), chain.get(i)));
      }
    }
    assertThat(pairs).hasSize(count * (count - 1) / 2);
    // Each has count - 1 pairs.
    assertThat(chains).hasSize((count + 1) / 2);
  }
}
