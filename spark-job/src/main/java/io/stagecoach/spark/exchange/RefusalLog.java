package io.stagecoach.spark.exchange;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts what was refused, and logs the first of each kind: a stranger must not fill the log. */
final class RefusalLog {

  private static final Logger LOG = LoggerFactory.getLogger(RefusalLog.class);

  private final Map<Refusal, LongAdder> counts = new EnumMap<>(Refusal.class);

  RefusalLog() {
    for (Refusal reason : Refusal.values()) {
      counts.put(reason, new LongAdder());
    }
  }

  void count(String from, RefusedException refused) {
    LongAdder count = counts.get(refused.reason());
    boolean first = count.sum() == 0;
    count.increment();
    if (first) {
      LOG.warn(
          "Refused what {} sent: {}. More of this kind are counted only.",
          from,
          refused.getMessage());
    } else {
      LOG.debug("Refused what {} sent", from, refused);
    }
  }

  Map<Refusal, Long> counts() {
    Map<Refusal, Long> seen = new EnumMap<>(Refusal.class);
    counts.forEach(
        (reason, count) -> {
          if (count.sum() > 0) {
            seen.put(reason, count.sum());
          }
        });
    return seen;
  }
}
