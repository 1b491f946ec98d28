package io.stagecoach.report;

import java.util.function.Consumer;

/** Gives the report as JSON. */
public final class JsonReporter implements RunReporter {

  private final Consumer<String> out;

  /**
   * @param out takes the whole document, several lines
   */
  public JsonReporter(Consumer<String> out) {
    this.out = out;
  }

  @Override
  public void report(RunReport report) {
    out.accept(ReportJson.write(report));
  }
}
