package io.stagecoach.spark.cluster;

import io.stagecoach.plan.DeviceMemory;
import io.stagecoach.plan.Quantity;
import io.stagecoach.plan.StagePin;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What executors may hold, where that is not the same for all, and what the places of a pipeline
 * need of them.
 *
 * @param limits what each may hold
 * @param needed by place, in bytes; where replicas need the same, of one replica; empty where
 *     nothing is placed
 */
public record SeatMemory(DeviceMemory limits, List<Long> needed) {

  /** Anybody holds anything. */
  public static final SeatMemory ANY = new SeatMemory(DeviceMemory.NONE, List.of());

  public SeatMemory {
    needed = List.copyOf(needed);
  }

  /** The same executors, of which places need something else. */
  SeatMemory needing(List<Long> bytes) {
    return new SeatMemory(limits, bytes);
  }

  /** Whether it makes a difference who has which place. A plan keeps to a limit that all have. */
  boolean decides() {
    return !limits.isAlike() && !needed.isEmpty();
  }

  /** Whether what an executor may hold depends on what it has room for. */
  boolean dependsOnRoom() {
    return limits.dependsOnRoom();
  }

  /** Whether what an executor may hold depends on what it computes on. */
  boolean dependsOnKinds() {
    return limits.named().keySet().stream().anyMatch(target -> target instanceof StagePin.Kind);
  }

  /** What a place needs. */
  long of(int place) {
    return needed.get(place % needed.size());
  }

  /** What places need, for people. */
  String words() {
    return needed.stream().map(Quantity::bytes).collect(Collectors.joining(", "));
  }
}
