package io.stagecoach.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The two barriers by closed formulas, and the driver's link by a walk through time. */
class BarrierTest {

  private static final double ADAM = 7;
  private static final DescribedNetwork NETWORK = new DescribedNetwork(1e-3, 1e9);
  private static final DescribedDriver DRIVER = new DescribedDriver(5e8, 1e10, 1e-4);
  private static final DescribedDevice DEVICE = new DescribedDevice("any", 1, 1e12, 1L << 34, 2e10);

  /** Four stages that end together: the driver's link is what all wait for. */
  @Test
  void theDriverByTheFormula() {
    double bytes = 1e8;
    Gradients gradients =
        new Gradients(Collections.nCopies(4, 2.0), Collections.nCopies(4, bytes), 3, ADAM);

    BarrierLoad load = new DriverBarrier(NETWORK, DRIVER).load(gradients);

    double wire = 12 * (bytes / 5e8 + 1e-4);
    double touched = (2 + 3 * 2 + 1 + ADAM) * 4 * bytes / 1e10;
    assertThat(load.seconds()).isCloseTo(1e-3 + wire + touched + wire + 1e-3, within(1e-9));
    assertThat(load.driverBytes()).isEqualTo(12 * bytes);
    assertThat(load.driverSeconds()).isCloseTo(2 * wire + touched, within(1e-9));
  }

  /** What comes while stages still compute costs nothing but the last one's way. */
  @Test
  void gradientsThatComeEarlyAreHidden() {
    double bytes = 1e6;
    List<Double> ends = List.of(40.0, 30.0, 20.0, 10.0);
    Gradients gradients = new Gradients(ends, Collections.nCopies(4, bytes), 1, ADAM);

    BarrierLoad load = new DriverBarrier(NETWORK, DRIVER).load(gradients);

    double oneIn = 1e-3 + bytes / 5e8 + 1e-4;
    double touched = (3 + ADAM) * 4 * bytes / 1e10;
    double out = 4 * (bytes / 5e8 + 1e-4) + 1e-3;
    assertThat(load.seconds()).isCloseTo(oneIn + touched + out, within(1e-9));
  }

  /** One executor's own link can be slower than the driver's. */
  @Test
  void anExecutorsOwnLinkCounts() {
    DescribedNetwork slow = new DescribedNetwork(0, 1e6);
    Gradients gradients = new Gradients(List.of(1.0), List.of(1e6), 1, 3);

    BarrierLoad load = new DriverBarrier(slow, DRIVER).load(gradients);

    assertThat(load.seconds()).isCloseTo(1 + 6 * 1e6 / 1e10 + 1, within(1e-9));
  }

  /** The driver's link, microsecond by microsecond. */
  @Test
  void theDriversLinkAsAWalkThroughTimeHasIt() {
    Random random = new Random(3);
    for (int round = 0; round < 50; round++) {
      int stages = 1 + random.nextInt(5);
      List<Double> ends = new ArrayList<>();
      List<Double> bytes = new ArrayList<>();
      for (int s = 0; s < stages; s++) {
        ends.add(random.nextDouble() * 2e-3);
        bytes.add(1e4 + random.nextInt(400_000));
      }
      DescribedDriver driver = new DescribedDriver(1e9, 1e15, 0);
      DescribedNetwork network = new DescribedNetwork(0, 1e12);
      Gradients gradients = new Gradients(ends, bytes, 1, ADAM);

      double out = gradients.modelBytes() / 1e9;
      double in = new DriverBarrier(network, driver).load(gradients).seconds() - out;
      assertThat(in + gradients.passes()).isCloseTo(walk(ends, bytes, 1e9), within(5e-6));
    }
  }

  /** When a link that works whenever anything waits has passed all. */
  private static double walk(List<Double> ends, List<Double> bytes, double rate) {
    double step = 1e-6;
    double left = bytes.stream().mapToDouble(Double::doubleValue).sum();
    double passed = 0;
    double time = 0;
    while (left > passed) {
      double here = 0;
      for (int s = 0; s < ends.size(); s++) {
        here += ends.get(s) <= time ? bytes.get(s) : 0;
      }
      passed += Math.min(rate * step, Math.max(0, here - passed));
      time += step;
      if (here == left && left - passed < 1) {
        break;
      }
    }
    return time;
  }

  @Test
  void theExecutorsByTheFormula() {
    double bytes = 1.2e8;
    int replicas = 4;
    Gradients gradients = new Gradients(List.of(1.0, 2.0), List.of(bytes, bytes), replicas, ADAM);

    BarrierLoad load =
        new ExecutorBarrier(NETWORK, DRIVER).load(gradients, List.of(DEVICE, DEVICE));

    double exchange = 1e-3 + 3 * bytes / 1e9;
    double adding = 3 * 3 * bytes / 2e10;
    double copy = 2 * bytes / 2e10;
    double mirror = 1e-3 + bytes / 1e9;
    double decision = 2 * (1e-3 + 8 * 1e-4);
    double update = ADAM * bytes / 2e10;
    double norm = bytes / 2e10;
    // Owner and mirror of a stage are not the same, and the other replicas wait longest.
    assertThat(load.seconds())
        .isCloseTo(
            exchange + adding + copy + mirror + norm + decision + update + exchange + copy,
            within(1e-9));
    assertThat(load.driverBytes()).isZero();
    assertThat(load.driverSeconds()).isCloseTo(16 * 1e-4, within(1e-12));
  }

  /** With one replica each executor updates its own slice, and then the one that it mirrors. */
  @Test
  void theExecutorsOfOneReplicaUpdateTwice() {
    double small = 1e7;
    double large = 1.2e8;
    Gradients gradients = new Gradients(List.of(1.0, 1.0), List.of(small, large), 1, ADAM);

    BarrierLoad load =
        new ExecutorBarrier(NETWORK, DRIVER).load(gradients, List.of(DEVICE, DEVICE));

    double known = 2 * large / 2e10 + large / 2e10 + 1e-3 + large / 1e9;
    double decision = 2 * (1e-3 + 2 * 1e-4);
    double updates = (ADAM + 2) * (small + large) / 2e10;
    assertThat(load.seconds()).isCloseTo(known + decision + updates, within(1e-9));
    assertThat(
            new ExecutorBarrier(NETWORK, DRIVER)
                .load(new Gradients(List.of(1.0), List.of(large), 1, ADAM), List.of(DEVICE))
                .seconds())
        .as("nobody mirrors the only one")
        .isCloseTo(3 * large / 2e10 + 2 * (1e-3 + 1e-4) + (ADAM + 2) * large / 2e10, within(1e-9));
  }
}
