package io.stagecoach.report.timeline;

import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.TimedAction;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Timelines in the Trace Event Format, which Perfetto and chrome://tracing open: a process for each
 * timeline, a thread for each executor and one for the driver; hops are flow events from pass to
 * pass. Times are in microseconds.
 */
public final class ChromeTrace {

  private static final int DRIVER = 1_000_000;

  private final List<String> events = new ArrayList<>();
  private int flows;

  private ChromeTrace() {}

  /** The trace as JSON. */
  public static String json(List<Timeline> timelines) {
    ChromeTrace trace = new ChromeTrace();
    for (int process = 0; process < timelines.size(); process++) {
      trace.add(process, timelines.get(process));
    }
    return "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n"
        + String.join(",\n", trace.events)
        + "\n]}\n";
  }

  private void add(int process, Timeline timeline) {
    name("process_name", process, 0, timeline.title());
    for (int e = 0; e < timeline.executors(); e++) {
      name("thread_name", process, e, "executor " + e);
    }
    for (TimedAction timed : timeline.actions()) {
      Action action = timed.action();
      complete(
          process,
          timed.executor(),
          action.text(),
          Kind.of(action).word(),
          timed.start(),
          timed.end());
    }
    for (Hops.Arrow arrow : Hops.of(timeline)) {
      flow("s", process, arrow.from().executor(), arrow.from().end(), flows);
      flow("f", process, arrow.to().executor(), arrow.to().start(), flows);
      flows++;
    }
    if (!timeline.driver().isEmpty()) {
      name("thread_name", process, DRIVER, "driver");
      for (Timeline.DriverSpan span : timeline.driver()) {
        complete(process, DRIVER, span.what(), "driver", span.start(), span.end());
      }
    }
  }

  private void name(String what, int process, int thread, String name) {
    events.add(
        String.format(
            Locale.ROOT,
            "{\"ph\":\"M\",\"name\":\"%s\",\"pid\":%d,\"tid\":%d,\"args\":{\"name\":\"%s\"}}",
            what,
            process,
            thread,
            name));
  }

  private void complete(
      int process, int thread, String name, String category, long start, long end) {
    events.add(
        String.format(
            Locale.ROOT,
            "{\"ph\":\"X\",\"name\":\"%s\",\"cat\":\"%s\",\"pid\":%d,\"tid\":%d,\"ts\":%.3f,\"dur\":%.3f}",
            name,
            category,
            process,
            thread,
            start / 1e3,
            (end - start) / 1e3));
  }

  private void flow(String phase, int process, int thread, long at, int id) {
    events.add(
        String.format(
            Locale.ROOT,
            "{\"ph\":\"%s\",\"name\":\"hop\",\"cat\":\"hop\",\"id\":%d,\"bp\":\"e\",\"pid\":%d,\"tid\":%d,\"ts\":%.3f}",
            phase,
            id,
            process,
            thread,
            at / 1e3));
  }
}
