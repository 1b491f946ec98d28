package io.stagecoach.report;

import java.util.function.Consumer;

/** Gives the report as text for people. */
public final class TableReporter implements RunReporter {

  private final Consumer<String> out;

  /**
   * @param out takes the whole text, several lines
   */
  public TableReporter(Consumer<String> out) {
    this.out = out;
  }

  @Override
  public void report(RunReport report) {
    out.accept(ReportTable.text(report));
  }
}
