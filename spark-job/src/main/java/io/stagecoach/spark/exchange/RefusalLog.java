package io.stagecoach.spark.exchange;

import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts what was refused, and logs the first of each cause from each peer: a stranger must not
 * fill the log, nor this memory of who was logged.
 */
final class RefusalLog {

  private static final Logger LOG = LoggerFactory.getLogger(RefusalLog.class);

  /** So many pairs of a peer and a cause get their line; what is beyond is counted only. */
  static final int MAX_LINES = 256;

  private record Line(String from, Refusal reason) {}

  private final Map<Refusal, LongAdder> counts = new EnumMap<>(Refusal.class);
  private final Set<Line> logged = ConcurrentHashMap.newKeySet();

  RefusalLog() {
    for (Refusal reason : Refusal.values()) {
      counts.put(reason, new LongAdder());
    }
  }

  /**
   * Counts a refusal that ended a connection.
   *
   * @param from who is known to have sent it: a peer's name, or a stranger's host without the port,
   *     which is another one with each of its connections
   * @param place where it is, for the log
   */
  void count(String from, String place, RefusedException refused) {
    counts.get(refused.reason()).increment();
    if (logged.size() < MAX_LINES && logged.add(new Line(from, refused.reason()))) {
      LOG.warn(
          "Refused what {} sent: {}. More of this kind from there are counted only.",
          place,
          refused.getMessage());
    } else {
      LOG.debug("Refused what {} sent", place, refused);
    }
  }

  /** Counts what is dropped without anybody being at fault. */
  void count(Refusal reason) {
    counts.get(reason).increment();
  }

  /** How many lines were logged. */
  int lines() {
    return logged.size();
  }

  RefusalCounts counts() {
    Map<Refusal, Long> seen = new EnumMap<>(Refusal.class);
    counts.forEach(
        (reason, count) -> {
          if (count.sum() > 0) {
            seen.put(reason, count.sum());
          }
        });
    return new RefusalCounts(seen);
  }
}
