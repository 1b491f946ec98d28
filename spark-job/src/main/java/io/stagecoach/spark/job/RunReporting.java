package io.stagecoach.spark.job;

import io.stagecoach.report.JsonReporter;
import io.stagecoach.report.RunRecorder;
import io.stagecoach.report.RunReport;
import io.stagecoach.report.StepRecord;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.sync.StagePart;
import io.stagecoach.sync.StepOutcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Turns what the step loop says into the run's report. */
final class RunReporting implements TrainingLoop.StepListener {

  /** The name of the report in an output directory. */
  static final String FILE = "report.json";

  /** The first steps load classes, compile and fill caches. */
  private static final int WARM_UP_STEPS = 5;

  private final RunRecorder recorder;

  /**
   * @param schedule a full mini-batch's schedule
   */
  RunReporting(Schedule schedule) {
    this.recorder = new RunRecorder(schedule, WARM_UP_STEPS);
  }

  @Override
  public void stepEnded(
      long step, StepOutcome outcome, List<StagePart> parts, TrainingLoop.DriverTimes times) {
    recorder.record(
        new StepRecord(
            step,
            outcome.lossPerLabel(),
            outcome.globalNorm(),
            outcome.skipped(),
            outcome.loss().examples(),
            times.total(),
            times.await(),
            times.update(),
            times.tell(),
            parts.stream().map(StagePart::report).toList()));
  }

  RunReport report() {
    return recorder.report();
  }

  /** Writes the report as JSON. */
  static void write(RunReport report, Path file) {
    new JsonReporter(
            json -> {
              try {
                Files.writeString(file, json);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            })
        .report(report);
  }
}
