package io.stagecoach.report;

import io.stagecoach.tensor.Narrowing;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The report as text, within the width of a terminal. */
public final class ReportTable {

  private static final List<List<String>> STAGE_HEADINGS =
      List.of(
          List.of(
              "stage",
              "forward",
              "backward",
              "busy",
              "idle",
              "idle",
              "stash",
              "hop out",
              "send",
              "receive"),
          List.of(
              "", "ms/mb", "ms/mb", "ms/step", "ms/step", "%", "peak", "bytes", "ms/hop",
              "ms/hop"));

  private ReportTable() {}

  /** The text, several lines. */
  public static String text(RunReport report) {
    StringBuilder text = new StringBuilder();
    heading(report, text);
    text.append('\n');
    loss(report, text);
    text.append('\n');
    stages(report, text);
    text.append('\n');
    bubble(report, text);
    hops(report.hops(), text);
    text.append('\n');
    time(report.time(), text);
    return text.toString();
  }

  private static void heading(RunReport report, StringBuilder text) {
    line(
        text,
        "Run: schedule %s, %s%d stage%s, %d micro-batch%s, %,d step%s%s in %s s",
        report.schedule(),
        report.replicas() == 1 ? "" : report.replicas() + " replicas of ",
        report.stagesOfReplica(),
        report.stagesOfReplica() == 1 ? "" : "s",
        report.microBatches(),
        report.microBatches() == 1 ? "" : "es",
        report.steps(),
        report.steps() == 1 ? "" : "s",
        report.skippedSteps() == 0
            ? ""
            : String.format(Locale.ROOT, " (%,d skipped)", report.skippedSteps()),
        number(report.time().totalSeconds()));
    if (!report.resumedAt().isEmpty()) {
      line(
          text,
          "Resumed at step %s; times below are of what came after.",
          report.resumedAt().stream()
              .map(step -> String.format(Locale.ROOT, "%,d", step))
              .collect(Collectors.joining(", ")));
    }
    if (!report.data().isEmpty()) {
      line(
          text,
          "Data: %s",
          report.data().entrySet().stream()
              .map(fact -> fact.getKey() + " " + fact.getValue())
              .collect(Collectors.joining(", ")));
    }
    report.choices().forEach(choice -> line(text, "Chosen: %s", choice));
    if (report.recoveries() > 0) {
      line(
          text,
          "Run again after failures of the cluster: %,d step%s, the last one %s s after step %,d failed:"
              + " %s",
          report.recoveries(),
          report.recoveries() == 1 ? "" : "s",
          number(last(report).seconds()),
          last(report).step() + 1,
          last(report).what());
    }
    if (report.excludedSteps() > 0) {
      line(
          text,
          "Times below leave out the first %s (warm-up).",
          report.excludedSteps() == 1
              ? "step"
              : String.format(Locale.ROOT, "%,d steps", report.excludedSteps()));
    } else if (report.steps() > 0) {
      line(text, "Times below are of all steps, warm-up included.");
    }
  }

  private static Recovered last(RunReport report) {
    return report.recovered().get(report.recovered().size() - 1);
  }

  private static void loss(RunReport report, StringBuilder text) {
    LossFigures loss = report.loss();
    line(
        text,
        "loss         first %s, last %s, least %s%s",
        figures(loss.first()),
        figures(loss.last()),
        figures(loss.least()),
        loss.leastStep() < 0 ? "" : String.format(Locale.ROOT, " at step %,d", loss.leastStep()));
    if (!report.validation().isEmpty()) {
      line(text, "validation   %s", measures(report.validation()));
    }
    if (report.best().found()) {
      line(
          text,
          "best         validation loss %s after epoch %,d, step %,d",
          figures(report.best().loss()),
          report.best().epoch(),
          report.best().step());
    }
    if (report.savedStep() > 0 && report.savedStep() < report.steps()) {
      line(text, "saved        the weights of step %,d", report.savedStep());
    }
    NormFigures norm = report.gradientNorm();
    line(
        text,
        "gradient     norm last %s, mean %s, most %s",
        figures(norm.last()),
        figures(norm.mean()),
        figures(norm.most()));
    TimeFigures time = report.time();
    line(text, "throughput   %s examples/s", number(time.examplesPerSecond()));
    line(
        text,
        "step         mean %s ms, median %s, 95th percentile %s, longest %s",
        number(time.step()),
        number(time.stepMedian()),
        number(time.stepP95()),
        number(time.stepMost()));
  }

  private static String measures(Map<String, Double> measured) {
    return measured.entrySet().stream()
        .map(measure -> measure.getKey().replace('_', ' ') + " " + figures(measure.getValue()))
        .collect(Collectors.joining(", "));
  }

  private static void stages(RunReport report, StringBuilder text) {
    List<List<String>> rows = new ArrayList<>(STAGE_HEADINGS);
    for (StageFigures stage : report.stages()) {
      rows.add(
          List.of(
              report.name(stage),
              number(stage.forward()),
              number(stage.backward()),
              number(stage.busy()),
              number(stage.idle()),
              percent(stage.idleShare(report.time().slowestStage())),
              Integer.toString(stage.peakStash()),
              bytes(stage.sent().bytes()),
              number(stage.sent().millis()),
              number(stage.received().millis())));
    }
    aligned(rows, text);
  }

  private static void bubble(RunReport report, StringBuilder text) {
    BubbleFigures bubble = report.bubble();
    line(
        text,
        "bubble       measured %s, simulated %s for these stages, %s if all were even",
        percentSign(bubble.measured()),
        percentSign(bubble.simulated()),
        percentSign(bubble.closedForm()));
    line(
        text,
        "stages       take %s ms a step, simulated %s; the slowest computes %s times the mean",
        number(report.time().slowestStage()),
        number(bubble.simulatedStep()),
        number(bubble.imbalance()));
    if (report.plan().isKnown()) {
      line(text, "planned      bottleneck %s", report.plan().bottleneck());
    }
    if (Double.isFinite(report.plan().stepMillis())) {
      line(
          text,
          "             stages were to take %s ms a step",
          number(report.plan().stepMillis()));
    }
  }

  private static void hops(HopFigures hops, StringBuilder text) {
    if (hops.sent().perStep() > 0) {
      line(
          text,
          "hop          %s, %s ms (send %s, receive %s), %,.1f a step",
          bytes(hops.sent().bytes()),
          number(hops.latencyMillis()),
          number(hops.sent().millis()),
          number(hops.received().millis()),
          hops.sent().perStep());
    } else {
      line(text, "hop          none");
    }
    narrowing(hops.narrowing(), text);
  }

  private static void narrowing(Narrowing narrowing, StringBuilder text) {
    if (narrowing.values() > 0) {
      line(
          text,
          "float16      %,d values in all steps: not finite %,d, clamped %,d, became zero %,d",
          narrowing.values(),
          narrowing.nonFinite(),
          narrowing.clamped(),
          narrowing.underflowed());
    }
  }

  private static void time(TimeFigures time, StringBuilder text) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("of a step", "ms", "%"));
    rows.add(share("slowest stage", time.slowestStage(), time));
    rows.add(share("beyond stages", time.beyondStages(), time));
    rows.add(share("barrier wait", time.barrier(), time));
    rows.add(share("update", time.update(), time));
    rows.add(share("new weights out", time.distribute(), time));
    aligned(rows, text);
  }

  private static List<String> share(String name, double millis, TimeFigures time) {
    return List.of(name, number(millis), percent(time.share(millis)));
  }

  /** First column to the left, numbers to the right. */
  private static void aligned(List<List<String>> rows, StringBuilder text) {
    int[] widths = new int[rows.get(0).size()];
    for (List<String> row : rows) {
      for (int c = 0; c < widths.length; c++) {
        widths[c] = Math.max(widths[c], row.get(c).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < widths.length; c++) {
        String blanks = " ".repeat(widths[c] - row.get(c).length());
        line.append(c == 0 ? row.get(c) + blanks : "  " + blanks + row.get(c));
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
  }

  private static void line(StringBuilder text, String format, Object... arguments) {
    text.append(String.format(Locale.ROOT, format, arguments)).append('\n');
  }

  /** About four figures, so that microseconds and minutes are both readable. */
  private static String number(double value) {
    if (!Double.isFinite(value)) {
      return "-";
    }
    double size = Math.abs(value);
    String format = size < 10 ? "%.3f" : size < 100 ? "%.2f" : size < 1000 ? "%.1f" : "%,.0f";
    return String.format(Locale.ROOT, format, value);
  }

  private static String figures(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.5g", value) : "-";
  }

  private static String percent(double share) {
    return Double.isFinite(share) ? String.format(Locale.ROOT, "%.1f", 100 * share) : "-";
  }

  private static String percentSign(double share) {
    return Double.isFinite(share) ? percent(share) + " %" : "-";
  }

  private static String bytes(double value) {
    if (!Double.isFinite(value)) {
      return "-";
    }
    if (value < 1024) {
      return String.format(Locale.ROOT, "%.0f B", value);
    }
    double scaled = value / 1024;
    for (String unit : List.of("KiB", "MiB")) {
      if (scaled < 1024) {
        return String.format(Locale.ROOT, "%.1f %s", scaled, unit);
      }
      scaled /= 1024;
    }
    return String.format(Locale.ROOT, "%.1f GiB", scaled);
  }
}
