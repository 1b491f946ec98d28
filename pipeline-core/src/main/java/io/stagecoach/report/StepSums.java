package io.stagecoach.report;

import io.stagecoach.stage.StageStep;
import io.stagecoach.tensor.Narrowing;
import java.util.ArrayList;
import java.util.List;

/** Running sums over steps: bounded memory, however many there are. */
final class StepSums {

  private final List<StageSums> stages = new ArrayList<>();
  private final Quantiles walls = new Quantiles();
  private long steps;
  private long examples;
  private long wallNanos;
  private long windowNanos;
  private long barrierNanos;
  private long updateNanos;
  private long distributeNanos;

  StepSums(int stageCount) {
    for (int s = 0; s < stageCount; s++) {
      stages.add(new StageSums(s));
    }
  }

  void add(StepRecord step) {
    steps++;
    examples += step.examples();
    wallNanos += step.wallNanos();
    walls.add(step.wallNanos());
    windowNanos += step.windowNanos();
    barrierNanos += step.barrierNanos();
    updateNanos += step.updateNanos();
    distributeNanos += step.distributeNanos();
    for (StageStep stage : step.stages()) {
      stages.get(stage.stage()).add(stage);
    }
  }

  long steps() {
    return steps;
  }

  TimeFigures time(double totalSeconds) {
    return new TimeFigures(
        totalSeconds,
        examples / (wallNanos / 1e9),
        Millis.mean(wallNanos, steps),
        Millis.of(walls.at(0.5)),
        Millis.of(walls.at(0.95)),
        Millis.of(walls.most()),
        Millis.mean(windowNanos, steps),
        Millis.mean(barrierNanos, steps),
        Millis.mean(updateNanos, steps),
        Millis.mean(distributeNanos, steps));
  }

  List<StageFigures> stages(int[] peakStash) {
    List<StageFigures> figures = new ArrayList<>();
    for (int s = 0; s < stages.size(); s++) {
      figures.add(
          stages
              .get(s)
              .figures(steps, windowNanos - busyNanos(stages.get(s).executor()), peakStash[s]));
    }
    return figures;
  }

  HopFigures hops(Narrowing narrowing) {
    HopSums sent = new HopSums();
    HopSums received = new HopSums();
    for (StageSums stage : stages) {
      sent.add(stage.sent());
      received.add(stage.received());
    }
    return new HopFigures(sent.figures(steps), received.figures(steps), narrowing);
  }

  /** 1 − Σ busy / (executors × window). */
  double bubble() {
    long busy = stages.stream().mapToLong(StageSums::busyNanos).sum();
    long executors = stages.stream().mapToInt(StageSums::executor).distinct().count();
    return 1 - busy / ((double) executors * windowNanos);
  }

  private long busyNanos(int executor) {
    return stages.stream()
        .filter(stage -> stage.executor() == executor)
        .mapToLong(StageSums::busyNanos)
        .sum();
  }
}
