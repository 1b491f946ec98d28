package io.stagecoach.scale;

import java.util.List;

/**
 * The barrier of {@code synchronizer=executor}: replicas of a stage reduce among themselves and
 * gather the new weights, a neighbour mirrors every slice, and the driver only decides.
 */
final class ExecutorBarrier {

  private final DescribedNetwork network;
  private final DescribedDriver driver;

  ExecutorBarrier(DescribedNetwork network, DescribedDriver driver) {
    this.network = network;
    this.driver = driver;
  }

  /**
   * An executor owns one of R parts of its stage's slice. It sends the other parts to their owners
   * and receives its own from them; adds R − 1 times; has its sum mirrored; tells the driver its
   * norms and hears the decision; updates its own part and the one that it mirrors; and sends its
   * new part to the other replicas, and receives theirs.
   *
   * @param devices of each stage
   */
  BarrierLoad load(Gradients gradients, List<DescribedDevice> devices) {
    int replicas = gradients.replicas();
    double decided = 0;
    for (int stage = 0; stage < gradients.stages(); stage++) {
      double part = gradients.bytes().get(stage) / replicas;
      double memory = devices.get(stage).memoryBytesPerSecond();
      double adding = 3 * (replicas - 1) * part / memory;
      double norm = part / memory;
      double mirroring = network.seconds(part);
      double known =
          gradients.ends().get(stage) + exchange(part, replicas) + adding + mirroring + norm;
      decided = Math.max(decided, known);
    }
    double messages = gradients.executors() * driver.secondsPerMessage();
    decided += 2 * (network.latencySeconds() + messages);
    double end = decided;
    for (int stage = 0; stage < gradients.stages(); stage++) {
      double part = gradients.bytes().get(stage) / replicas;
      double updating =
          2 * gradients.updateBytes() * part / devices.get(stage).memoryBytesPerSecond();
      end = Math.max(end, decided + updating + exchange(part, replicas));
    }
    return new BarrierLoad(end - gradients.passes(), 0, 2 * messages);
  }

  /** All parts but one's own leave by the executor's link, and as many come. */
  private double exchange(double part, int replicas) {
    return replicas == 1 ? 0 : network.seconds((replicas - 1) * part);
  }
}
