package io.stagecoach.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.tensor.MessageSize;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

/** The two barriers by closed formulas, and the driver's link by a walk through time. */
class BarrierTest {

  private static final double ADAM = 7;
  private static final DescribedNetwork NETWORK = new DescribedNetwork(1e-3, 1e9);
  private static final DescribedDriver DRIVER = new DescribedDriver(5e8, 1e10, 1e-4);
  private static final DescribedDevice DEVICE = new DescribedDevice("any", 1, 1e12, 1L << 34, 2e10);

  private static StageLoad stage(double ends, double bytes) {
    return new StageLoad(0, 0, ends, 1, bytes);
  }

  /** Four stages that end together: the driver's link is what all wait for. */
  @Test
  void theDriverByTheFormula() {
    double bytes = 1e8;
    Gradients gradients = new Gradients(Collections.nCopies(4, stage(2, bytes)), 3, ADAM);

    BarrierLoad load = new DriverBarrier(NETWORK, DRIVER).load(gradients);

    double wire = 12 * (bytes / 5e8 + 1e-4);
    double summed = (2 + 3 * 2 + 1) * bytes / 1e10;
    double update = ADAM * bytes / 1e10;
    // Of four stages the last one's gradients are summed, and the first one's weights updated,
    // while the link has nothing to do.
    assertThat(load.seconds()).isCloseTo(1e-3 + wire + summed + update + wire + 1e-3, within(1e-9));
    assertThat(load.driverBytes()).isEqualTo(12 * bytes);
    assertThat(load.driverSeconds()).isCloseTo(2 * wire + 4 * (summed + update), within(1e-9));
  }

  /** What comes while stages still compute costs nothing but the last one's way. */
  @Test
  void gradientsThatComeEarlyAreHidden() {
    double bytes = 1e6;
    List<StageLoad> stages =
        DoubleStream.of(40, 30, 20, 10).mapToObj(ends -> stage(ends, bytes)).toList();

    BarrierLoad load = new DriverBarrier(NETWORK, DRIVER).load(new Gradients(stages, 1, ADAM));

    double oneIn = 1e-3 + bytes / 5e8 + 1e-4;
    double touched = (3 + ADAM) * bytes / 1e10;
    double out = 4 * (bytes / 5e8 + 1e-4) + 1e-3;
    assertThat(load.seconds()).isCloseTo(oneIn + touched + out, within(1e-9));
  }

  /** Of a pass that is longer than the way of all but its last piece that piece is waited for. */
  @Test
  void gradientsOfLayersThatArePassedAreHidden() {
    double bytes = 8e6;
    StageLoad stage = new StageLoad(0, 1, 3, 4, bytes);

    BarrierLoad load =
        new DriverBarrier(NETWORK, DRIVER).load(new Gradients(List.of(stage), 1, ADAM));

    double in = 1e-3 + bytes / 4 / 5e8 + 1e-4 + 3 * bytes / 4 / 1e10;
    double out = ADAM * bytes / 1e10 + bytes / 5e8 + 1e-4 + 1e-3;
    assertThat(load.seconds()).isCloseTo(in + out, within(1e-9));
    assertThat(new StageLoad(0, 1, 3, 4, 100_000).pieces(MessageSize.WORTHWHILE_BYTES))
        .as("what is small goes together")
        .isEqualTo(1);
  }

  /** The last stage needs no weights before the first micro-batch has come to it. */
  @Test
  void weightsThatAreNotNeededYetAreHidden() {
    double bytes = 1e6;
    Gradients gradients =
        new Gradients(
            List.of(new StageLoad(0, 0, 5, 1, bytes), new StageLoad(1, 0, 4, 1, bytes)), 1, ADAM);

    BarrierLoad load = new DriverBarrier(NETWORK, DRIVER).load(gradients);

    double oneIn = 1e-3 + bytes / 5e8 + 1e-4;
    double touched = (3 + ADAM) * bytes / 1e10;
    assertThat(load.seconds()).isCloseTo(oneIn + touched + oneIn, within(1e-9));
  }

  /** One executor's own link can be slower than the driver's. */
  @Test
  void anExecutorsOwnLinkCounts() {
    DescribedNetwork slow = new DescribedNetwork(0, 1e6);
    Gradients gradients = new Gradients(List.of(stage(1, 1e6)), 1, 3);

    BarrierLoad load = new DriverBarrier(slow, DRIVER).load(gradients);

    assertThat(load.seconds()).isCloseTo(1 + 6 * 1e6 / 1e10 + 1, within(1e-9));
  }

  /** The driver's link and its memory, microsecond by microsecond. */
  @Test
  void theDriverAsAWalkThroughTimeHasIt() {
    Random random = new Random(3);
    for (int round = 0; round < 50; round++) {
      List<StageLoad> stages = new ArrayList<>();
      int count = 1 + random.nextInt(5);
      for (int s = 0; s < count; s++) {
        stages.add(
            new StageLoad(
                0,
                random.nextDouble() * 1e-3,
                1e-3 + random.nextDouble() * 2e-3,
                1 + random.nextInt(4),
                1e4 + random.nextInt(2_000_000)));
      }
      DescribedDriver driver = new DescribedDriver(1e9, 2e9, 0);
      DescribedNetwork network = new DescribedNetwork(0, 1e12);
      Gradients gradients = new Gradients(stages, 1, 0);

      double out = gradients.modelBytes() / 1e9;
      double in = new DriverBarrier(network, driver).load(gradients).seconds() - out;
      assertThat(in + gradients.passes()).isCloseTo(walk(stages, 1e9, 2e9), within(1e-5));
    }
  }

  /** When all pieces have passed a link, and been touched three times by a memory, one by one. */
  private static double walk(List<StageLoad> stages, double linkRate, double memoryRate) {
    double step = 1e-6;
    List<double[]> waiting = new ArrayList<>();
    for (StageLoad stage : stages) {
      int pieces = stage.pieces(MessageSize.WORTHWHILE_BYTES);
      for (int i = 0; i < pieces; i++) {
        double bytes = stage.bytes() / pieces;
        waiting.add(
            new double[] {
              stage.ends() - stage.lastPass() * (pieces - 1 - i) / pieces, bytes, 3 * bytes
            });
      }
    }
    waiting.sort(Comparator.comparingDouble(piece -> piece[0]));
    double time = 0;
    while (waiting.stream().anyMatch(piece -> piece[2] > 0)) {
      double now = time;
      waiting.stream()
          .filter(piece -> piece[1] > 0 && piece[0] <= now)
          .findFirst()
          .ifPresent(piece -> piece[1] -= linkRate * step);
      waiting.stream()
          .filter(piece -> piece[2] > 0 && piece[1] <= 0)
          .findFirst()
          .ifPresent(piece -> piece[2] -= memoryRate * step);
      time += step;
    }
    return time;
  }

  @Test
  void theExecutorsByTheFormula() {
    double bytes = 1.2e8;
    int replicas = 4;
    Gradients gradients = new Gradients(List.of(stage(1, bytes), stage(2, bytes)), replicas, ADAM);

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
    Gradients gradients = new Gradients(List.of(stage(1, small), stage(1, large)), 1, ADAM);

    BarrierLoad load =
        new ExecutorBarrier(NETWORK, DRIVER).load(gradients, List.of(DEVICE, DEVICE));

    double known = 2 * large / 2e10 + large / 2e10 + 1e-3 + large / 1e9;
    double decision = 2 * (1e-3 + 2 * 1e-4);
    double updates = (ADAM + 2) * (small + large) / 2e10;
    assertThat(load.seconds()).isCloseTo(known + decision + updates, within(1e-9));
    assertThat(
            new ExecutorBarrier(NETWORK, DRIVER)
                .load(new Gradients(List.of(stage(1, large)), 1, ADAM), List.of(DEVICE))
                .seconds())
        .as("nobody mirrors the only one")
        .isCloseTo(3 * large / 2e10 + 2 * (1e-3 + 1e-4) + (ADAM + 2) * large / 2e10, within(1e-9));
  }
}
