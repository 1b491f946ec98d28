package io.stagecoach.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The short form of {@code tests/bin/fuzz}: what was kept of earlier runs, and some more. */
class FuzzTest {

  private static final int INPUTS = 5_000;

  static List<FuzzTarget> targets() {
    return Targets.all();
  }

  @ParameterizedTest
  @MethodSource("targets")
  void noInputDoesWhatItMustNot(FuzzTarget target) {
    List<byte[]> earlier = Corpus.of(target.name());
    FuzzReport report =
        Assertions.assertTimeoutPreemptively(
            Duration.ofMinutes(2),
            () -> new Fuzzer(target, 7).run(earlier, earlier.size() + INPUTS));
    assertThat(report.defects()).isEmpty();
    assertThat(report.inputs()).isGreaterThanOrEqualTo(INPUTS);
    assertThat(report.outcomes()).isGreaterThan(1);
  }
}
