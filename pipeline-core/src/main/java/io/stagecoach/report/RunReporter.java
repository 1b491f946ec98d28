package io.stagecoach.report;

/** Where a run's report goes. */
@FunctionalInterface
public interface RunReporter {

  /** Takes the report of a run that has ended, well or not. */
  void report(RunReport report);
}
