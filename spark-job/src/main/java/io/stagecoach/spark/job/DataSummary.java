package io.stagecoach.spark.job;

import io.stagecoach.spark.data.PreparedData;
import io.stagecoach.spark.data.TextFigures;
import java.util.Locale;

/** One line on the examples of a run. */
final class DataSummary {

  private DataSummary() {}

  static String of(PreparedData data) {
    PreparedData.Counts counts = data.counts();
    return String.format(
        Locale.ROOT,
        "%,d examples to train on, %,d to validate%s%s%s; %s in %.1f s (%.1f MiB at %s)",
        counts.training(),
        counts.validation(),
        counts.dropped() > 0 ? String.format(Locale.ROOT, ", %,d dropped", counts.dropped()) : "",
        counts.unknownCategories() > 0
            ? String.format(
                Locale.ROOT, ", %,d with an unknown category", counts.unknownCategories())
            : "",
        data.text().map(DataSummary::text).orElse(""),
        data.reused() ? "found laid out" : "laid out",
        data.time().toMillis() / 1e3,
        data.bytes() / (double) (1 << 20),
        data.storage());
  }

  private static String text(TextFigures text) {
    return String.format(
        Locale.ROOT, ", of %,d tokens, %,d left over at the end", text.tokens(), text.leftOver());
  }
}
