package io.stagecoach.engine.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class LayerTimesTest {

  private static PassTimes times(long forward) {
    return new PassTimes(forward, 2 * forward, 3 * forward, 4 * forward);
  }

  private final LayerTimes times =
      new LayerTimes(
          List.of(
              new SizeTimes(4, List.of(times(100), times(10))),
              new SizeTimes(8, List.of(times(140), times(10))),
              new SizeTimes(16, List.of(times(220), times(20)))));

  @Test
  void measuredSizesAreWhatTheyAre() {
    assertThat(times.layer(0, 4)).isEqualTo(times(100));
    assertThat(times.layer(0, 16)).isEqualTo(times(220));
    assertThat(times.layers()).isEqualTo(2);
  }

  @Test
  void othersAreOnTheLineOrInProportion() {
    assertThat(times.layer(0, 5)).isEqualTo(times(110));
    assertThat(times.layer(1, 12)).isEqualTo(times(15));
    assertThat(times.layer(0, 32)).isEqualTo(times(440));
    assertThat(times.layer(0, 1)).isEqualTo(times(100));
  }

  @Test
  void aStageIsItsLayers() {
    assertThat(times.stage(0, 2, 8)).isEqualTo(times(150));
    assertThat(times.stage(1, 2, 8)).isEqualTo(times(10));
    assertThat(times.stage(1, 1, 8)).isEqualTo(PassTimes.NONE);
  }

  @Test
  void sizesAscend() {
    SizeTimes four = times.sizes().get(0);
    assertThatIllegalArgumentException().isThrownBy(() -> new LayerTimes(List.of(four, four)));
    assertThatIllegalArgumentException().isThrownBy(() -> new LayerTimes(List.of()));
  }

  @Test
  void hopsAreALineThroughTwo() {
    HopTimes hops = HopTimes.through(1_000, 50_000, 101_000, 150_000);
    assertThat(hops.fixed()).isEqualTo(49_000);
    assertThat(hops.perByte()).isCloseTo(1.0, within(1e-12));
    assertThat(hops.of(11_000)).isEqualTo(60_000);
    assertThat(HopTimes.through(1_000, 50_000, 101_000, 40_000)).isEqualTo(new HopTimes(50_000, 0));
    assertThat(HopTimes.through(1_000, 10, 2_000, 1_000)).isEqualTo(new HopTimes(0, 0.5));
    assertThat(HopTimes.NONE.of(1L << 40)).isZero();
  }
}
