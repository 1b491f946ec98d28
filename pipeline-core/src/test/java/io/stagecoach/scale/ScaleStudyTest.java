package io.stagecoach.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.Stash;
import io.stagecoach.plan.StashRule;
import io.stagecoach.schedule.GPipe;
import io.stagecoach.schedule.OneForwardOneBackward;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Studies of clusters by formulas, and what is no description. */
class ScaleStudyTest {

  static final String EXAMPLE =
      """
      {
        "model": {
          "inputBytes": 0, "bytesPerNumber": 4, "updaterNumbers": 2,
          "layers": [
            {"count": 24, "name": "block", "parameters": 1000000, "forwardOperations": 2000000,
             "backwardOperations": 4000000, "outputBytes": 1000, "stashBytes": 5000}
          ]
        },
        "devices": [
          {"name": "fast", "share": 1, "operationsPerSecond": 2e9, "memoryBytes": 100000000,
           "memoryBytesPerSecond": 1e10},
          {"name": "slow", "share": 1, "operationsPerSecond": 1e9, "memoryBytes": 100000000,
           "memoryBytesPerSecond": 1e10}
        ],
        "network": {"latencySeconds": 0, "bytesPerSecond": 1e9},
        "driver": {"bytesPerSecond": 1e9, "memoryBytesPerSecond": 1e10, "secondsPerMessage": 0}
      }
      """;

  /** Two fast devices and two slow ones: twice the layers on the fast ones, and no one waits. */
  @Test
  void theCutFollowsTheDevices() {
    ScalePoint point =
        new ScaleStudy(
                ScaleDescription.read(EXAMPLE),
                new GPipe(),
                2,
                StashRule.everywhere(Stash.ACTIVATIONS))
            .points(4, 6, List.of(3))
            .get(0);

    assertThat(point.layers()).isEqualTo(8);
    // Eight layers on a fast device: 8 x 6 M operations x 2 examples at 2 G a second, GPipe's form.
    double pass = 8 * 6e6 * 2 / 2e9;
    assertThat(point.passesSeconds()).isCloseTo((6 + 3) * pass, within(1e-4));
    assertThat(point.bubble()).isCloseTo(3.0 / 9, within(1e-3));
    assertThat(point.examples()).isEqualTo(3 * 6 * 2);
    assertThat(point.devices()).isEqualTo(12);
    assertThat(point.driver().driverBytes()).isEqualTo(3 * 24e6 * 4);
    // Weights, gradients and accumulator, six micro-batches' stash and inputs, borders both ways.
    long borders = 2 * (2 * 1000 + 2 * 1000);
    assertThat(point.memoryBytes())
        .isEqualTo(3L * 8 * 4_000_000 + 6L * 2 * (8 * 5000 + 1000) + borders);
    assertThat(point.fits()).isTrue();
  }

  @Test
  void whereInputsAreKeptBackwardRunsForwardAgain() {
    ScalePoint point =
        new ScaleStudy(
                ScaleDescription.read(EXAMPLE), new GPipe(), 2, StashRule.everywhere(Stash.INPUTS))
            .points(4, 6, List.of(1))
            .get(0);

    double pass = 8 * (6e6 + 2e6) * 2 / 2e9;
    assertThat(point.passesSeconds()).isCloseTo((6 + 3) * pass, within(1e-4));
    long borders = 2 * (2 * 1000 + 2 * 1000);
    assertThat(point.memoryBytes())
        .isEqualTo(3L * 8 * 4_000_000 + 6L * 2 * 1000 + 2 * 8 * 5000 + borders);
  }

  /** Fewer layers on the fast devices cost less than running eight of them forward twice. */
  @Test
  void stagesRunForwardAgainOnlyWhereNoOtherCutIsFaster() {
    ScalePoint kept = small(96_300_000, 4, StashRule.everywhere(Stash.ACTIVATIONS));
    ScalePoint all = small(96_300_000, 4, StashRule.everywhere(Stash.INPUTS));
    ScalePoint chosen = small(96_300_000, 4, StashRule.asMemoryAllows());
    assertThat(kept.fits()).isFalse();
    assertThat(all.fits()).isTrue();
    assertThat(chosen.fits()).isTrue();
    assertThat(chosen.recomputing()).isZero();
    assertThat(chosen.layers()).isEqualTo(7);
    assertThat(chosen.passesSeconds()).isBetween(kept.passesSeconds(), all.passesSeconds());
  }

  /** Of 24 layers four stages must have five, which fit only so. */
  @Test
  void asManyStagesRunForwardAgainAsMust() {
    ScalePoint chosen = small(60_200_000, 5, StashRule.asMemoryAllows());
    assertThat(chosen.fits()).isTrue();
    assertThat(chosen.layers()).isEqualTo(5);
    assertThat(chosen.recomputing()).isEqualTo(4);
    assertThat(small(60_200_000, 5, StashRule.everywhere(Stash.INPUTS)).recomputing()).isEqualTo(5);
  }

  private static ScalePoint small(long memoryBytes, int stages, StashRule stash) {
    ScaleDescription small =
        ScaleDescription.read(
            EXAMPLE.replace("\"memoryBytes\": 100000000", "\"memoryBytes\": " + memoryBytes));
    return new ScaleStudy(small, new GPipe(), 2, stash).points(stages, 6, List.of(1)).get(0);
  }

  @Test
  void aStageThatDoesNotFitIsSeen() {
    ScaleDescription small =
        ScaleDescription.read(
            EXAMPLE.replace("\"memoryBytes\": 100000000", "\"memoryBytes\": 90000000"));
    ScaleStudy study =
        new ScaleStudy(
            small, new OneForwardOneBackward(), 2, StashRule.everywhere(Stash.ACTIVATIONS));
    assertThat(study.points(4, 6, List.of(1)).get(0).fits()).isFalse();
    assertThat(study.points(8, 6, List.of(1)).get(0).fits()).isTrue();
  }

  /** More replicas load the driver in proportion, and hardly their executors. */
  @Test
  void theDriverStopsScalingWhereTheExecutorsDoNot() {
    ScaleStudy study =
        new ScaleStudy(
            ScaleDescription.read(EXAMPLE),
            new OneForwardOneBackward(),
            2,
            StashRule.everywhere(Stash.ACTIVATIONS));
    List<ScalePoint> points =
        new ArrayList<>(study.points(8, 320, List.of(1, 2, 4, 8, 16, 32, 64)));

    for (int i = 1; i < points.size(); i++) {
      assertThat(points.get(i).driver().driverBytes())
          .isEqualTo(2 * points.get(i - 1).driver().driverBytes());
    }
    ScalePoint most = points.get(points.size() - 1);
    assertThat(most.executorRate() / points.get(0).executorRate()).isGreaterThan(45);
    assertThat(most.driverRate() / points.get(0).driverRate()).isLessThan(40);
    int crossover = ScaleStudy.crossover(points, 0.1).orElseThrow();
    for (ScalePoint point : points) {
      if (point.devices() >= crossover) {
        assertThat(point.executorRate()).isGreaterThan(1.1 * point.driverRate());
      }
    }
    assertThat(points.stream().filter(p -> p.devices() < crossover))
        .anyMatch(p -> p.executorRate() <= 1.1 * p.driverRate());
    assertThat(ScaleStudy.crossover(points, 1e9)).isEqualTo(OptionalInt.empty());
  }

  @Test
  void devicesHaveTheirSharesAtEveryNumber() {
    DescribedDevice two = new DescribedDevice("two", 2, 1, 1, 1);
    DescribedDevice one = new DescribedDevice("one", 1, 1, 1, 1);
    for (int stages = 1; stages < 40; stages++) {
      List<DescribedDevice> devices = DescribedDevice.pipeline(List.of(two, one), stages);
      assertThat(devices).hasSize(stages);
      long ones = devices.stream().filter(one::equals).count();
      assertThat(Math.abs(ones - stages / 3.0)).isLessThan(1);
    }
  }

  @Test
  void whatIsNoDescriptionIsSaidWithItsPlace() {
    assertRefused(EXAMPLE.replace("\"latencySeconds\": 0", "\"latency\": 0"), "latency", "line 15");
    assertRefused(EXAMPLE.replace("\"share\": 1, ", ""), "share", "line");
    assertRefused(EXAMPLE.replace("\"count\": 24", "\"count\": 0"), "count of block is 0", "line");
    assertRefused("{", "describes no cluster", "line 1");
  }

  private static void assertRefused(String json, String... words) {
    assertThatThrownBy(() -> ScaleDescription.read(json))
        .isInstanceOfSatisfying(
            StagecoachException.class,
            e -> {
              assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION);
              assertThat(e.what()).contains(words);
            });
  }
}
