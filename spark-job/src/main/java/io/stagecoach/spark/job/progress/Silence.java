package io.stagecoach.spark.job.progress;

import java.util.Map;

/** Shows nothing. */
final class Silence implements Progress {

  @Override
  public void start(long alreadyDone, long totalSteps, int totalEpochs) {}

  @Override
  public void step(StepDone step) {}

  @Override
  public void validation(int epoch, double loss, Map<String, Double> measures) {}

  @Override
  public void message(String text) {}

  @Override
  public void close() {}
}
