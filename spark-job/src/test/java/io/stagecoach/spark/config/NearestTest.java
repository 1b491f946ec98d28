package io.stagecoach.spark.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {

  @ParameterizedTest
  @CsvSource({"kitten, sitting", "Age, age", "hegiht, height", "'', age"})
  void isTheFewestChangesAway(String word, String expected) {
    assertThat(Nearest.to(word, List.of("sitting", "height", "weight_in_kg", "age")))
        .contains(expected);
  }

  @Test
  void isNothingAmongNothing() {
    assertThat(Nearest.to("a", List.of())).isEmpty();
  }
}
