package io.stagecoach.plan;

import java.util.List;

/**
 * What it takes of executors' memory that stages update their own weights ({@code
 * synchronizer=executor}). Of the replicas of a stage one owns its slice: replica s mod R that of
 * stage s. It has the weights once more, the updater's gradients, the gradients of the step that is
 * not decided, and the updater's state; and, for a moment, a message of each other replica. The
 * next executor mirrors the slice: it has as much, and the gradients as they arrive.
 *
 * @param replicas how many pipelines there are
 */
public record SliceMemory(int replicas) {

  public SliceMemory {
    if (replicas < 1) {
      throw new IllegalArgumentException(replicas + " replicas");
    }
  }

  /** What a slice itself is: weights, two kinds of gradients, updater state. */
  private static long slice(StageCost cost) {
    return 3 * cost.ownBytes() + cost.updaterBytes();
  }

  /** What the owner of a stage has, in bytes. */
  public long owner(StageCost cost) {
    return slice(cost) + (replicas - 1) * cost.ownBytes();
  }

  /** What another replica of it has: the new weights, as they come. */
  public long other(StageCost cost) {
    return cost.ownBytes();
  }

  /** What the executor has that mirrors it. */
  public long mirror(StageCost cost) {
    return slice(cost) + cost.ownBytes();
  }

  /** What a replica of it has, as its owner or not. */
  long own(int replica, int stage, StageCost cost) {
    return owns(replica, stage) ? owner(cost) : other(cost);
  }

  /** Whether a replica owns a stage. */
  boolean owns(int replica, int stage) {
    return stage % replicas == replica;
  }

  /**
   * The number of an executor among those of all replicas.
   *
   * @param executors of one replica
   */
  int executor(int replica, int stage, int executors) {
    return replica * executors + stage % executors;
  }

  /** Who mirrors a stage: the executor after the owner's; none where there is no other. */
  int mirrorOf(int stage, int executors) {
    int all = replicas * executors;
    return all == 1 ? -1 : (executor(stage % replicas, stage, executors) + 1) % all;
  }

  /**
   * What a stage adds to executors, by their number among those of all replicas.
   *
   * @param held changed
   * @param bytes what it needs besides, in each replica
   * @param executors of one replica
   */
  void add(long[] held, int stage, StageCost cost, long bytes, int executors) {
    for (int replica = 0; replica < replicas; replica++) {
      held[executor(replica, stage, executors)] += bytes + own(replica, stage, cost);
    }
    int mirror = mirrorOf(stage, executors);
    if (mirror >= 0) {
      held[mirror] += mirror(cost);
    }
  }

  /**
   * What a stage's executor holds for updates on the stage's account, and on that of the stage in
   * the same turn on the executor before: the most of its replicas.
   *
   * @param costs of all stages
   * @param executors of one replica
   */
  long most(int stage, List<StageCost> costs, int executors) {
    int before = stage % executors == 0 ? stage + executors - 1 : stage - 1;
    long most = 0;
    for (int replica = 0; replica < replicas; replica++) {
      long here = own(replica, stage, costs.get(stage));
      if (mirrorOf(before, executors) == executor(replica, stage, executors)) {
        here += mirror(costs.get(before));
      }
      most = Math.max(most, here);
    }
    return most;
  }
}
