package io.stagecoach.spark.job;

import io.stagecoach.engine.Loss;
import io.stagecoach.report.JsonReporter;
import io.stagecoach.report.RunRecorder;
import io.stagecoach.report.RunReport;
import io.stagecoach.report.StepRecord;
import io.stagecoach.report.timeline.ChromeTrace;
import io.stagecoach.report.timeline.Timeline;
import io.stagecoach.report.timeline.TimelinePage;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.Simulator;
import io.stagecoach.sync.StagePart;
import io.stagecoach.sync.StepOutcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Turns what the step loop says into the run's report. */
final class RunReporting implements TrainingLoop.StepListener {

  /** The name of the report in an output directory. */
  static final String FILE = "report.json";

  /** The first steps load classes, compile and fill caches. */
  private static final int WARM_UP_STEPS = 5;

  /** The names of the timeline's files beside it. */
  static final String PAGE = "timeline.html";

  static final String TRACE = "trace.json";

  private final Schedule schedule;
  private final RunRecorder recorder;
  private final NarrowingLog narrowing = new NarrowingLog();
  private StepRecord last;

  /**
   * @param schedule a full mini-batch's schedule
   */
  RunReporting(Schedule schedule) {
    this.schedule = schedule;
    this.recorder = new RunRecorder(schedule, WARM_UP_STEPS);
  }

  @Override
  public void stepEnded(
      long step, StepOutcome outcome, List<StagePart> parts, TrainingLoop.DriverTimes times) {
    StepRecord record =
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
            parts.stream().map(StagePart::report).toList());
    recorder.record(record);
    narrowing.stepEnded(step, parts);
    if (last == null || isWhole(record)) {
      last = record;
    }
  }

  /** The last mini-batch of an epoch may be smaller. */
  private boolean isWhole(StepRecord record) {
    int actions = record.stages().stream().mapToInt(stage -> stage.spans().size()).sum();
    return actions == schedule.executors().stream().mapToInt(List::size).sum();
  }

  /** The last validation found this. */
  void validated(Loss loss, Map<String, Double> metrics) {
    Map<String, Double> found = new LinkedHashMap<>();
    found.put("loss", loss.sum() / loss.timeSteps());
    found.putAll(metrics);
    recorder.validated(found);
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

  /** Writes the last whole step's timeline beside the simulated one: as a page, and as a trace. */
  void writeTimeline(Path directory) {
    if (last == null) {
      return;
    }
    List<Timeline> timelines = new ArrayList<>();
    timelines.add(Timeline.measured(last));
    if (isWhole(last)) {
      timelines.add(
          Timeline.simulated(
              schedule, Simulator.simulate(schedule, RunRecorder.costs(recorder.report()))));
    }
    String page =
        TimelinePage.html(
            schedule.name()
                + ", "
                + schedule.stages()
                + " stages on "
                + schedule.executors().size()
                + " executors, "
                + schedule.microBatches()
                + " micro-batches",
            List.of(
                "Step "
                    + (last.step() + 1)
                    + " as it was measured, above what the simulator says for the run's mean times"
                    + " of each stage and its hops.",
                "Each executor's time begins when it heard of the step."),
            timelines);
    try {
      Files.writeString(directory.resolve(PAGE), page);
      Files.writeString(directory.resolve(TRACE), ChromeTrace.json(timelines));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
