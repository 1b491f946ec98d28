package io.stagecoach.scale;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The barrier of {@code synchronizer=driver}: all gradients pass the driver's link, the driver adds
 * up replicas, takes the norm and updates, and all weights pass its link again.
 */
final class DriverBarrier {

  private final DescribedNetwork network;
  private final DescribedDriver driver;

  DriverBarrier(DescribedNetwork network, DescribedDriver driver) {
    this.network = network;
    this.driver = driver;
  }

  /**
   * The driver's link takes one message after the other, as they come; the sums begin when all are
   * there; weights leave for one stage after the other.
   */
  BarrierLoad load(Gradients gradients) {
    double received = received(gradients);
    double model = gradients.modelBytes();
    int replicas = gradients.replicas();
    // Each byte is put in its place; each further replica's is read, added to one read, and
    // written;
    // the norm reads all once more.
    double touched =
        2 * model + 3 * (replicas - 1) * model + model + gradients.updateBytes() * model;
    double computing = touched / driver.memoryBytesPerSecond();
    double sending =
        replicas * model / driver.bytesPerSecond()
            + gradients.executors() * driver.secondsPerMessage();
    double largest =
        gradients.bytes().stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    // The last one's weights are under way when the driver has sent them.
    double arriving =
        Math.max(sending, largest / network.bytesPerSecond()) + network.latencySeconds();
    double busy = 2 * sending + computing;
    return new BarrierLoad(
        received + computing + arriving - gradients.passes(), replicas * model, busy);
  }

  /** When all gradients are at the driver. */
  private double received(Gradients gradients) {
    List<Integer> byEnd =
        IntStream.range(0, gradients.stages())
            .boxed()
            .sorted(Comparator.comparing(gradients.ends()::get))
            .toList();
    double link = 0;
    double last = 0;
    for (int stage : byEnd) {
      double bytes = gradients.bytes().get(stage);
      double begins = gradients.ends().get(stage) + network.latencySeconds();
      link =
          Math.max(link, begins)
              + gradients.replicas()
                  * (bytes / driver.bytesPerSecond() + driver.secondsPerMessage());
      last = Math.max(last, Math.max(link, begins + bytes / network.bytesPerSecond()));
    }
    return last;
  }
}
