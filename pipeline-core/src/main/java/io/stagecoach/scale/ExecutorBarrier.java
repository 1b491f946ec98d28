package io.stagecoach.scale;

import java.util.Arrays;
import java.util.List;

/**
 * The barrier of {@code synchronizer=executor}: replicas of a stage reduce to an owner, which gives
 * them the new weights, a neighbour mirrors every slice, and the driver only decides.
 */
final class ExecutorBarrier {

  private final DescribedNetwork network;
  private final DescribedDriver driver;

  ExecutorBarrier(DescribedNetwork network, DescribedDriver driver) {
    this.network = network;
    this.driver = driver;
  }

  /**
   * Replica s mod R owns stage s. The others send it their gradients; it adds them up, puts the sum
   * where it updates from, takes the norm, and has the next executor mirror the sum; tells the
   * driver its norms, and hears the decision. Then each executor updates what it owns, gives the
   * new weights to its own stage and to the other replicas, and updates what it mirrors.
   *
   * @param devices of each stage
   */
  BarrierLoad load(Gradients gradients, List<DescribedDevice> devices) {
    int stages = gradients.stages().size();
    int replicas = gradients.replicas();
    double decided = 0;
    for (int stage = 0; stage < stages; stage++) {
      double bytes = gradients.stages().get(stage).bytes();
      double memory = devices.get(stage).memoryBytesPerSecond();
      double adding = 3 * (replicas - 1) * bytes / memory;
      double norm = bytes / memory;
      double mirroring = gradients.executors() == 1 ? 0 : network.seconds(bytes);
      double known =
          gradients.stages().get(stage).ends()
              + exchange(bytes, replicas)
              + adding
              + copying(bytes, memory)
              + norm
              + mirroring;
      decided = Math.max(decided, known);
    }
    double messages = gradients.executors() * driver.secondsPerMessage();
    decided += 2 * (network.latencySeconds() + messages);
    return new BarrierLoad(
        ready(decided, gradients, devices) - gradients.passes(), 0, 2 * messages);
  }

  /** When all executors have done what a decision asks of them. */
  private double ready(double decided, Gradients gradients, List<DescribedDevice> devices) {
    int stages = gradients.stages().size();
    int replicas = gradients.replicas();
    double[] busyUntil = new double[gradients.executors()];
    Arrays.fill(busyUntil, decided);
    double end = decided;
    for (int stage = 0; stage < stages; stage++) {
      double bytes = gradients.stages().get(stage).bytes();
      double memory = devices.get(stage).memoryBytesPerSecond();
      double updated = decided + gradients.updateBytes() * bytes / memory;
      busyUntil[owner(stage, stages, replicas)] = updated + copying(bytes, memory);
      if (replicas > 1) {
        end = Math.max(end, updated + exchange(bytes, replicas) + copying(bytes, memory));
      }
    }
    for (int stage = 0; stage < stages && busyUntil.length > 1; stage++) {
      double bytes = gradients.stages().get(stage).bytes();
      int mirror = (owner(stage, stages, replicas) + 1) % busyUntil.length;
      double memory = devices.get(mirror % stages).memoryBytesPerSecond();
      busyUntil[mirror] += copying(bytes, memory) + gradients.updateBytes() * bytes / memory;
    }
    return Math.max(end, Arrays.stream(busyUntil).max().orElseThrow());
  }

  private static int owner(int stage, int stages, int replicas) {
    return stage % replicas * stages + stage;
  }

  private static double copying(double bytes, double memory) {
    return 2 * bytes / memory;
  }

  /** What those of all replicas but one take by one link. */
  private double exchange(double bytes, int replicas) {
    return replicas == 1 ? 0 : network.seconds((replicas - 1) * bytes);
  }
}
