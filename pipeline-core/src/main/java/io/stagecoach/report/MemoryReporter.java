package io.stagecoach.report;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps the reports: for tests, and for programs that look at them. */
public final class MemoryReporter implements RunReporter {

  private final List<RunReport> reports = new CopyOnWriteArrayList<>();

  @Override
  public void report(RunReport report) {
    reports.add(report);
  }

  /** The reports, in the order in which they came. */
  public List<RunReport> reports() {
    return List.copyOf(reports);
  }
}
