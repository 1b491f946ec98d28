package io.stagecoach.report.timeline;

import io.stagecoach.schedule.TimedAction;
import java.util.List;
import java.util.Locale;

/**
 * Timelines as one page that needs nothing else: a picture for each, one above the other on the
 * same scale of time, and a table. Well-formed XHTML, so that it can be checked.
 */
public final class TimelinePage {

  private static final int LEFT = 96;
  private static final int WIDTH = 1180;
  private static final int ROW = 34;
  private static final int GAP = 6;

  /** What the text of a time on the axis takes. */
  private static final int LABEL = 64;

  private static final String DRIVER = "#aa4499";

  /** More passes than this are drawn without numbers and hops. */
  private static final int MOST_LABELLED = 4000;

  private final StringBuilder html = new StringBuilder();
  private final long begin;
  private final long end;

  private TimelinePage(List<Timeline> timelines) {
    this.begin =
        timelines.stream()
            .flatMap(timeline -> timeline.driver().stream())
            .mapToLong(Timeline.DriverSpan::start)
            .min()
            .orElse(0);
    long last = 1;
    for (Timeline timeline : timelines) {
      last = Math.max(last, timeline.makespan());
      for (Timeline.DriverSpan span : timeline.driver()) {
        last = Math.max(last, span.end());
      }
    }
    this.end = last;
  }

  /**
   * The page.
   *
   * @param title what stands above it
   * @param notes lines below the title
   * @param timelines the first on top
   */
  public static String html(String title, List<String> notes, List<Timeline> timelines) {
    TimelinePage page = new TimelinePage(timelines);
    page.head(title, notes);
    for (Timeline timeline : timelines) {
      page.picture(timeline);
    }
    page.table(timelines);
    page.html.append("</main></body></html>\n");
    return page.html.toString();
  }

  private void head(String title, List<String> notes) {
    line(
        "<!DOCTYPE html><html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\"><head><meta"
            + " charset=\"utf-8\"/><meta name=\"viewport\" content=\"width=device-width\"/><title>%s</title>"
            + "<style>:root{color-scheme:light dark;--ink:#1c1e21;--paper:#fff;--faint:#e4e6ea;--soft:#6b7078}"
            + "@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--paper:#16181b;--faint:#33373d;--soft:#9aa0a6}}"
            + "body{margin:0;background:var(--paper);color:var(--ink);font:14px/1.45 system-ui,sans-serif}"
            + "main{max-width:1320px;margin:0 auto;padding:20px 16px}h1{font-size:20px;margin:0 0 4px}"
            + "h2{font-size:15px;margin:22px 0 6px}p{margin:2px 0;color:var(--soft)}"
            + ".scroll{overflow-x:auto}svg{min-width:760px;width:100%%;height:auto;display:block}"
            + "svg text{font:11px system-ui,sans-serif;fill:var(--ink)}svg .in{fill:#fff;text-anchor:middle;pointer-events:none}svg .dark{fill:#16181b}"
            + ".axis{stroke:var(--faint)}.hop{stroke:var(--soft);stroke-width:.7;opacity:.55}"
            + "table{border-collapse:collapse;margin-top:8px}td,th{padding:3px 14px 3px 0;text-align:right;"
            + "border-bottom:1px solid var(--faint);font-variant-numeric:tabular-nums}td{white-space:nowrap}td:first-child,th:first-child{text-align:left}"
            + ".key span{display:inline-block;width:12px;height:12px;border-radius:2px;margin:0 5px 0 14px;vertical-align:-1px}"
            + "</style></head><body><main><h1>%s</h1>",
        text(title), text(title));
    notes.forEach(note -> line("<p>%s</p>", text(note)));
    html.append("<p class=\"key\">");
    for (Kind kind : Kind.values()) {
      if (kind != Kind.CARRY) {
        line("<span style=\"background:%s\"></span>%s", kind.colour(), kind.word());
      }
    }
    line(
        "<span style=\"background:repeating-linear-gradient(45deg,var(--faint) 0 3px,transparent"
            + " 3px 6px)\"></span>waiting<span style=\"background:%s\"></span>driver: weights out,"
            + " update; numbers are micro-batches</p>",
        DRIVER);
  }

  private void picture(Timeline timeline) {
    int rows = timeline.executors() + (timeline.driver().isEmpty() ? 0 : 1);
    int height = rows * (ROW + GAP) + 26;
    String hatch = "hatch-" + timeline.title().replaceAll("[^a-z0-9]", "");
    line(
        "<h2>%s: %s ms, bubble %.1f %%</h2><div class=\"scroll\"><svg viewBox=\"0 0 %d %d\" role=\"img\"><defs>"
            + "<pattern id=\"%s\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\""
            + " patternTransform=\"rotate(45)\"><rect width=\"3\" height=\"6\""
            + " fill=\"var(--faint)\"/></pattern></defs>",
        text(timeline.title()),
        millis(timeline.makespan()),
        100 * timeline.bubble(),
        LEFT + WIDTH + 8,
        height,
        hatch);
    axis(height - 20);
    boolean labelled = timeline.actions().size() <= MOST_LABELLED * 3;
    for (int e = 0; e < timeline.executors(); e++) {
      int y = e * (ROW + GAP);
      line("<text x=\"0\" y=\"%d\">executor %d</text>", y + ROW / 2 + 4, e);
      line(
          "<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" fill=\"url(#%s)\"/>",
          x(0), y, x(timeline.makespan()) - x(0), ROW, hatch);
      for (TimedAction timed : timeline.compute(e)) {
        pass(timed, y, labelled);
      }
    }
    if (labelled) {
      for (Hops.Arrow arrow : Hops.of(timeline)) {
        line(
            "<line class=\"hop\" x1=\"%.2f\" y1=\"%d\" x2=\"%.2f\" y2=\"%d\"/>",
            x(arrow.from().end()), middle(arrow.from()), x(arrow.to().start()), middle(arrow.to()));
      }
    }
    driver(timeline);
    html.append("</svg></div>\n");
  }

  private static int middle(TimedAction timed) {
    return timed.executor() * (ROW + GAP) + ROW / 2;
  }

  private void pass(TimedAction timed, int y, boolean labelled) {
    double width = Math.max(0.4, x(timed.end()) - x(timed.start()));
    Kind kind = Kind.of(timed.action());
    line(
        "<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" rx=\"2\" fill=\"%s\""
            + " stroke=\"var(--paper)\" stroke-width=\".6\"><title>%s: %s ms, from %s</title></rect>",
        x(timed.start()),
        y,
        width,
        ROW,
        kind.colour(),
        timed.action().text(),
        millis(timed.end() - timed.start()),
        millis(timed.start()));
    if (labelled && width > 14) {
      line(
          "<text class=\"%s\" x=\"%.2f\" y=\"%d\">%d</text>",
          kind == Kind.FORWARD ? "in" : "in dark",
          x(timed.start()) + width / 2,
          y + ROW / 2 + 4,
          timed.action().microBatch());
    }
  }

  private void driver(Timeline timeline) {
    if (timeline.driver().isEmpty()) {
      return;
    }
    int y = timeline.executors() * (ROW + GAP);
    line("<text x=\"0\" y=\"%d\">driver</text>", y + ROW / 2 + 4);
    for (Timeline.DriverSpan span : timeline.driver()) {
      boolean waits = span.what().contains("barrier");
      double width = Math.max(0.6, x(span.end()) - x(span.start()));
      line(
          "<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" rx=\"2\" fill=\"%s\"><title>%s: %s"
              + " ms</title></rect>",
          x(span.start()),
          waits ? y + ROW / 2 - 2 : y + 8,
          width,
          waits ? 4 : ROW - 16,
          waits ? "var(--faint)" : DRIVER,
          text(span.what()),
          millis(span.end() - span.start()));
    }
  }

  private void axis(int y) {
    double step = Math.pow(10, Math.floor(Math.log10(end / 6.0)));
    if (end / step > 30) {
      step *= 5;
    } else if (end / step > 12) {
      step *= 2;
    }
    for (double at = 0; at <= end; at += step) {
      double x = x((long) at);
      // Beside its line; to the left of it where the picture ends.
      boolean isLast = x > LEFT + WIDTH - LABEL;
      line(
          "<line class=\"axis\" x1=\"%.2f\" y1=\"0\" x2=\"%.2f\" y2=\"%d\"/><text x=\"%.2f\""
              + " y=\"%d\" text-anchor=\"%s\">%s ms</text>",
          x, x, y, isLast ? x - 3 : x + 3, y + 14, isLast ? "end" : "start", millis((long) at));
    }
  }

  private void table(List<Timeline> timelines) {
    html.append("<h2>Executors</h2><div class=\"scroll\"><table><tr><th>executor</th>");
    for (Timeline timeline : timelines) {
      line("<th>busy ms, %s</th><th>waits</th><th>stashed at most</th>", text(timeline.title()));
    }
    html.append("</tr>\n");
    int executors = timelines.stream().mapToInt(Timeline::executors).max().orElse(0);
    for (int e = 0; e < executors; e++) {
      line("<tr><td>%d</td>", e);
      for (Timeline timeline : timelines) {
        double busy = timeline.busy(e);
        line(
            "<td>%s</td><td>%.1f %%</td><td>%d</td>",
            millis((long) busy),
            100 * (1 - busy / Math.max(1, timeline.makespan())),
            timeline.peakStash(e));
      }
      html.append("</tr>\n");
    }
    html.append("</table></div>\n");
  }

  private double x(long nanos) {
    return LEFT + (double) (nanos - begin) / (end - begin) * WIDTH;
  }

  private static String millis(long nanos) {
    double millis = nanos / 1e6;
    return String.format(
        Locale.ROOT,
        Math.abs(millis) >= 100 ? "%.0f" : Math.abs(millis) >= 1 ? "%.2f" : "%.3f",
        millis);
  }

  private static String text(String plain) {
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
  }

  private void line(String format, Object... values) {
    html.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
