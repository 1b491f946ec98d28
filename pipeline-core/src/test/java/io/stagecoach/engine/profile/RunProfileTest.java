package io.stagecoach.engine.profile;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.plan.DeviceLimits;
import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.MemoryRules;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.Partitioners;
import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlanRequest;
import io.stagecoach.plan.Stash;
import io.stagecoach.plan.StashSlots;
import io.stagecoach.report.ProfileJson;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What was measured, and what follows for a plan. */
class RunProfileTest {

  private static final int ROWS = 8;
  private static final HopTimes HOPS = new HopTimes(1_000_000, 2);

  /** Three layers that pass on 100, 300 and no bytes for each example. */
  private static final RunProfile PROFILE =
      new RunProfile(
          32,
          new ModelCosts(List.of(layer(0, 800), layer(1, 2400), layer(2, 0)), 4, ROWS),
          new LayerTimes(
              List.of(
                  new SizeTimes(
                      ROWS, Stream.generate(() -> new PassTimes(10, 20, 5, 5)).limit(3).toList()))),
          HOPS,
          1.5);

  private static LayerCost layer(int index, long outputBytes) {
    return new LayerCost(index, "l" + index, "Dense", 1, 4, outputBytes, 4, 0, 1, 2);
  }

  private static PairTimes pair(String one, String other, long millis) {
    return new PairTimes(one, other, new HopTimes(millis * 1_000_000, 0));
  }

  @Test
  void aHopTakesWhatTheBytesOfItsBorderTake() {
    Plan plan =
        Partitioners.named("uniform")
            .partition(
                new PlanRequest(
                    PROFILE.model(),
                    3,
                    new MemoryRules(Stash.ACTIVATIONS, StashSlots.everywhere(1), 1),
                    DeviceLimits.UNLIMITED));
    assertThat(PROFILE.costs(plan, ROWS, RunProfile.Backward.WHOLE).hops())
        .containsExactly(1_001_600L, 1_004_800L);
    assertThat(PROFILE.costs(plan, ROWS / 2, RunProfile.Backward.WHOLE).hops())
        .containsExactly(1_000_800L, 1_002_400L);
  }

  @Test
  void betweenTwoExecutorsItTakesWhatWasMeasuredThere() {
    RunProfile measured = PROFILE.between(List.of(pair("1", "2", 5), pair("2", "3", 1)));
    assertThat(measured.hop("2", "1", 10)).isEqualTo(5_000_000);
    assertThat(measured.hop("2", "3", 10)).isEqualTo(1_000_000);
    assertThat(measured.hop("1", "3", 10)).as("not measured").isEqualTo(HOPS.of(10));
  }

  @Test
  void pairsDifferWhereThatIsMoreThanMeasuringMakes() {
    assertThat(PROFILE.pairsDiffer()).isFalse();
    assertThat(PROFILE.between(List.of(pair("1", "2", 5), pair("2", "3", 1))).pairsDiffer())
        .isTrue();
    assertThat(PROFILE.between(List.of(pair("1", "2", 5), pair("2", "3", 3))).pairsDiffer())
        .isFalse();
    PairTimes tiny = new PairTimes("1", "2", new HopTimes(10_000, 0));
    PairTimes small = new PairTimes("2", "3", new HopTimes(90_000, 0));
    assertThat(PROFILE.between(List.of(tiny, small)).pairsDiffer())
        .as("too little to make a difference")
        .isFalse();
  }

  @Test
  void itsPairsAreInItsFile() {
    RunProfile measured = PROFILE.between(List.of(pair("1", "2", 5)));
    assertThat(ProfileJson.read(ProfileJson.write(measured))).isEqualTo(measured);
    String older = ProfileJson.write(PROFILE).replaceFirst(",\\s*\"pairs\" : \\[\\s*\\]", "");
    assertThat(older).doesNotContain("pairs");
    assertThat(ProfileJson.read(older)).isEqualTo(PROFILE);
  }

  @Test
  void theMeanOfHopsIsThatOfBothTheirParts() {
    assertThat(HopTimes.mean(List.of(new HopTimes(10, 1), new HopTimes(30, 4))))
        .isEqualTo(new HopTimes(20, 2.5));
  }
}
