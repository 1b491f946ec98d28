package io.stagecoach.spark.job;

import io.stagecoach.spark.data.PreparedData;
import java.util.Locale;

/** One line on the examples of a run. */
final class DataSummary {

  private DataSummary() {}

  static String of(PreparedData data) {
    PreparedData.Counts counts = data.counts();
    return String.format(
        Locale.ROOT,
        "%,d examples to train on, %,d to validate%s; %s in %.1f s (%.1f MiB at %s)",
        counts.training(),
        counts.validation(),
        counts.dropped() > 0 ? String.format(Locale.ROOT, ", %,d dropped", counts.dropped()) : "",
        data.reused() ? "found laid out" : "laid out",
        data.time().toMillis() / 1e3,
        data.bytes() / (double) (1 << 20),
        data.storage());
  }
}
