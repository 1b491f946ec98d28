package io.stagecoach.spark.cluster;

import io.stagecoach.sync.SliceUpdater;
import io.stagecoach.sync.StepDecision;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Slices in this process whose stages were ended by a failure, for the stages that are placed after
 * them. Their executor may have had them as its own stages', or as mirrors.
 */
final class KeptSlices {

  /** Stages that come back for what others left do so sooner. */
  private static final Duration LEFT_FOR = Duration.ofHours(1);

  /** Of a run: how many hosts still use theirs, and what ended ones have left. */
  private static final class OfRun {
    private int hosts;
    private final List<Map<Integer, SliceUpdater>> left = new ArrayList<>();
    private long leftAt;
  }

  private static final Map<UUID, OfRun> RUNS = new HashMap<>();

  private KeptSlices() {}

  /** A host of stages uses slices from here on. */
  static void begin(UUID run) {
    synchronized (RUNS) {
      RUNS.computeIfAbsent(run, any -> new OfRun()).hosts++;
    }
  }

  /**
   * A host has ended.
   *
   * @param slices what it leaves, by stage; owned by this
   */
  static void end(UUID run, Map<Integer, SliceUpdater> slices) {
    synchronized (RUNS) {
      OfRun ofRun = RUNS.get(run);
      ofRun.hosts--;
      if (!slices.isEmpty()) {
        ofRun.left.add(new TreeMap<>(slices));
        ofRun.leftAt = System.nanoTime();
      }
      dropEmpty();
      RUNS.notifyAll();
    }
  }

  /**
   * What hosts of a run have left, once all of them have ended: by stage, own ones and mirrors.
   * They stay this one's.
   */
  static List<Map<Integer, SliceUpdater>> left(UUID run, Duration deadline)
      throws InterruptedException {
    long end = System.nanoTime() + deadline.toNanos();
    synchronized (RUNS) {
      while (RUNS.containsKey(run) && RUNS.get(run).hosts > 0) {
        long left = (end - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
          break;
        }
        RUNS.wait(left);
      }
      OfRun ofRun = RUNS.get(run);
      return ofRun == null ? List.of() : List.copyOf(ofRun.left);
    }
  }

  /**
   * What of it is of so many updates, when it has followed a decision.
   *
   * @param last the run's last decision, if there was one
   * @return slices with the stage of each; a stage may be there twice, as its own and as a mirror
   */
  static List<Map.Entry<Integer, SliceUpdater>> left(
      UUID run, long updates, List<StepDecision> last, Duration deadline)
      throws InterruptedException {
    List<Map.Entry<Integer, SliceUpdater>> found = new ArrayList<>();
    for (Map<Integer, SliceUpdater> slices : left(run, deadline)) {
      for (Map.Entry<Integer, SliceUpdater> slice : slices.entrySet()) {
        last.forEach(slice.getValue()::follow);
        if (slice.getValue().updates() == updates) {
          found.add(slice);
        }
      }
    }
    return found;
  }

  /** Closes what hosts of a run have left: others have it. */
  static void drop(UUID run) {
    synchronized (RUNS) {
      OfRun ofRun = RUNS.get(run);
      if (ofRun != null) {
        close(ofRun);
      }
      dropEmpty();
    }
  }

  private static void close(OfRun ofRun) {
    ofRun.left.forEach(slices -> slices.values().forEach(SliceUpdater::close));
    ofRun.left.clear();
  }

  private static void dropEmpty() {
    RUNS.values().removeIf(ofRun -> ofRun.hosts == 0 && ofRun.left.isEmpty());
  }

  /** Closes what runs have left that have not come back for it in good time. */
  static void dropForgotten() {
    synchronized (RUNS) {
      long now = System.nanoTime();
      RUNS.values()
          .forEach(
              ofRun -> {
                if (now - ofRun.leftAt > LEFT_FOR.toNanos()) {
                  close(ofRun);
                }
              });
      dropEmpty();
    }
  }
}
