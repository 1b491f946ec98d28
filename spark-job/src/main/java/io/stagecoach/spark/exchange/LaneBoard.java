package io.stagecoach.spark.exchange;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Brings together the lanes that neighbours open and the stages that they lead to, whichever is
 * there first.
 */
final class LaneBoard {

  private static final int MAX_WAITING = 4096;

  private record Waiting(Link link, int from) {}

  private final Map<LaneKey, LaneAcceptor> acceptors = new HashMap<>();
  private final Map<LaneKey, List<Waiting>> waiting = new HashMap<>();
  private int waitingCount;

  /** A neighbour has opened a lane. */
  void opened(Link link, Frame.Lane lane) {
    LaneKey key = new LaneKey(lane.epoch(), lane.to());
    LaneAcceptor acceptor;
    synchronized (this) {
      acceptor = acceptors.get(key);
      if (acceptor == null) {
        if (waitingCount >= MAX_WAITING) {
          throw new RefusedException(
              Refusal.UNKNOWN_HOP, "a lane to stage " + lane.to() + ", one of too many");
        }
        waitingCount++;
        waiting
            .computeIfAbsent(key, unused -> new ArrayList<>())
            .add(new Waiting(link, lane.from()));
        return;
      }
    }
    link.lane(acceptor.accept(link, lane.from()));
  }

  /** A stage is there. */
  void attach(LaneKey key, LaneAcceptor acceptor) {
    List<Waiting> early;
    synchronized (this) {
      if (acceptors.putIfAbsent(key, acceptor) != null) {
        throw new IllegalStateException("stage " + key.to() + " has an exchange already");
      }
      early = waiting.getOrDefault(key, List.of());
      waiting.remove(key);
      waitingCount -= early.size();
    }
    for (Waiting lane : early) {
      try {
        lane.link().lane(acceptor.accept(lane.link(), lane.from()));
      } catch (RefusedException e) {
        lane.link().refuse(e);
      }
    }
  }

  /** A connection has ended: its lanes wait for nobody. */
  synchronized void forget(Link link) {
    waiting
        .values()
        .removeIf(
            lanes -> {
              int before = lanes.size();
              lanes.removeIf(lane -> lane.link() == link);
              waitingCount -= before - lanes.size();
              return lanes.isEmpty();
            });
  }

  /** A stage is gone. */
  synchronized void detach(LaneKey key) {
    acceptors.remove(key);
  }
}
