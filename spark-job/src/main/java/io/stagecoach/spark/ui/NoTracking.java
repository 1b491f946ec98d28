package io.stagecoach.spark.ui;

import io.stagecoach.report.StepRecord;
import java.util.Map;

/** Nobody keeps anything. */
record NoTracking() implements RunTracking {

  @Override
  public void begins(String name, Map<String, String> params, Map<String, String> tags) {}

  @Override
  public void stepEnded(StepRecord step) {}

  @Override
  public void validated(long step, Map<String, Double> measures) {}

  @Override
  public void ends(End end, Map<String, String> tags) {}

  @Override
  public void close() {}
}
