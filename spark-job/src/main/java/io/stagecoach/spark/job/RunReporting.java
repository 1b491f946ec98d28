package io.stagecoach.spark.job;

import io.stagecoach.engine.Loss;
import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.report.BestFigures;
import io.stagecoach.report.JsonReporter;
import io.stagecoach.report.PlanFigures;
import io.stagecoach.report.ProfileJson;
import io.stagecoach.report.Recovered;
import io.stagecoach.report.ReportJson;
import io.stagecoach.report.RunRecorder;
import io.stagecoach.report.RunReport;
import io.stagecoach.report.StepRecord;
import io.stagecoach.report.timeline.ChromeTrace;
import io.stagecoach.report.timeline.Timeline;
import io.stagecoach.report.timeline.TimelinePage;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.Simulator;
import io.stagecoach.spark.cluster.Setback;
import io.stagecoach.spark.cluster.StageAddress;
import io.stagecoach.spark.data.PreparedData;
import io.stagecoach.spark.data.TextFigures;
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
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Turns what the step loop says into the run's report. */
final class RunReporting implements TrainingLoop.StepListener {

  /** The name of the report in an output directory. */
  static final String FILE = "report.json";

  /** The name of what was measured before the run, where it was. */
  static final String PROFILE = "profile.json";

  /** By what name a validation's measures have the loss. */
  static final String LOSS = "loss";

  /** The first steps load classes, compile and fill caches. */
  static final int WARM_UP_STEPS = 5;

  /** Stages placed anew on executors at work have less to load. */
  private static final int WARM_UP_AFTER_RECUT = 2;

  /** The names of the timeline's files beside it. */
  static final String PAGE = "timeline.html";

  static final String TRACE = "trace.json";

  private final RunRecorder recorder;
  private final int replicas;
  private final Optional<TextFigures> text;
  private final NarrowingLog narrowing = new NarrowingLog();
  private final List<Consumer<StepRecord>> watchers = new ArrayList<>();
  private final List<ValidationWatcher> validationWatchers = new ArrayList<>();
  private Schedule schedule;
  private Optional<TrainingPlan> lastPlan = Optional.empty();
  private StepRecord last;

  /**
   * @param schedule a full mini-batch's schedule
   * @param replicas of how many pipelines side by side it is
   * @param text how large the text is that validation reads, where it is one
   */
  RunReporting(Schedule schedule, int replicas, Optional<TextFigures> text) {
    this.schedule = schedule;
    this.replicas = replicas;
    this.text = text;
    this.recorder = new RunRecorder(schedule, replicas, WARM_UP_STEPS);
  }

  /**
   * Goes on with what {@link #history} said.
   *
   * @throws io.stagecoach.error.StagecoachException DATA if it is not a report
   */
  void goOn(String history) {
    recorder.goOn(ReportJson.read(history));
  }

  /** All of it so far, as text. */
  String history() {
    return ReportJson.write(recorder.report());
  }

  /** Has somebody else hear of every step that is recorded. */
  void watchedBy(Consumer<StepRecord> watcher) {
    watchers.add(watcher);
  }

  /** Hears of every validation. */
  interface ValidationWatcher {

    /**
     * The validation examples were measured.
     *
     * @param step the next step
     * @param measures by name
     */
    void validated(long step, Map<String, Double> measures);
  }

  /** Has somebody else hear of every validation. */
  void validationsWatchedBy(ValidationWatcher watcher) {
    validationWatchers.add(watcher);
  }

  /** Takes what the run reads. */
  void reads(PreparedData data) {
    Map<String, String> texts = new LinkedHashMap<>(data.snapshot().toTexts());
    PreparedData.Counts counts = data.counts();
    if (counts.dropped() > 0) {
      texts.put("rowsDropped", Long.toString(counts.dropped()));
    }
    if (counts.unknownCategories() > 0) {
      texts.put("rowsWithUnknownCategory", Long.toString(counts.unknownCategories()));
    }
    recorder.reads(texts);
  }

  /** Takes what the plan promises from here on. */
  void planned(PlanFigures plan) {
    recorder.planned(plan);
  }

  /** The plan that the run has now, where it is not the one that it began with. */
  Optional<TrainingPlan> lastPlan() {
    return lastPlan;
  }

  /** Takes a line on what the run chose by itself, and why. */
  void chose(String line) {
    recorder.chose(line);
  }

  /** Takes on which devices the stages compute, where somebody has asked for GPUs. */
  void computesOn(List<StageAddress> stages) {
    String devices =
        stages.stream()
            .filter(stage -> !stage.device().isEmpty())
            .map(stage -> "stage " + stage.stage() + " on " + stage.device())
            .collect(Collectors.joining("; "));
    if (!devices.isEmpty()) {
      recorder.chose("devices: " + devices);
    }
  }

  /** Takes a step that was told again after a failure. */
  void recovered(Setback setback) {
    recorder.recovered(
        new Recovered(
            setback.step(), setback.cause().what(), setback.executors(), setback.seconds()));
  }

  /** Full mini-batches go by another schedule from here on. */
  void use(Schedule other) {
    schedule = other;
    recorder.use(other);
  }

  /** A full mini-batch's schedule, as it is now. */
  Schedule schedule() {
    return schedule;
  }

  /**
   * The layers are shared out otherwise from here on.
   *
   * @param line what changes, and why
   * @param plan the other plan
   * @param figures what it promises
   */
  void recut(String line, TrainingPlan plan, PlanFigures figures) {
    lastPlan = Optional.of(plan);
    recorder.chose(line);
    recorder.planned(figures);
    recorder.recut(WARM_UP_AFTER_RECUT);
  }

  @Override
  public void stepEnded(
      long step, StepOutcome outcome, List<StagePart> parts, TrainingLoop.DriverTimes times) {
    record(step, outcome, parts, times);
  }

  @Override
  public void validated(long step, Loss found) {
    double loss = found.sum() / found.timeSteps();
    recorder.validated(step, loss);
    Map<String, Double> measured = new LinkedHashMap<>();
    measured.put(LOSS, loss);
    measured.putAll(Metrics.of(found, text));
    recorder.validated(measured);
    validationWatchers.forEach(watcher -> watcher.validated(step, measured));
  }

  /** Takes a step that is done, before its parts are closed. */
  StepRecord record(
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
    watchers.forEach(watcher -> watcher.accept(record));
    narrowing.stepEnded(step, parts);
    if (last == null || record.isWhole(schedule)) {
      last = record;
    }
    return record;
  }

  /** A validation was better than all before. */
  void best(BestFigures best) {
    recorder.best(best);
  }

  /**
   * The weights that are saved are those after this step.
   *
   * @param validation what was measured of them
   */
  void saves(long step, Map<String, Double> validation) {
    recorder.saves(step);
    recorder.validated(validation);
  }

  RunReport report() {
    return recorder.report();
  }

  /** Writes the report as JSON. */
  static void write(RunReport report, Path file) {
    new JsonReporter(json -> write(json, file)).report(report);
  }

  /** Writes what was measured before the run as JSON. */
  static void write(RunProfile profile, Path file) {
    write(ProfileJson.write(profile), file);
  }

  /** Writes a text. */
  static void write(String text, Path file) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes the last whole step's timeline beside the simulated one: as a page, and as a trace. */
  void writeTimeline(Path directory) {
    if (last == null) {
      return;
    }
    List<Timeline> timelines = new ArrayList<>();
    timelines.add(Timeline.measured(last));
    if (last.isWhole(schedule)) {
      timelines.add(
          Timeline.simulated(
              schedule, Simulator.simulate(schedule, RunRecorder.costs(recorder.report()))));
    }
    String page =
        TimelinePage.html(
            schedule.name()
                + ", "
                + (replicas == 1 ? "" : replicas + " replicas of ")
                + schedule.stages() / replicas
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
    write(page, directory.resolve(PAGE));
    write(ChromeTrace.json(timelines), directory.resolve(TRACE));
  }
}
