package io.stagecoach.spark.job;

import io.stagecoach.checkpoint.Counters;
import io.stagecoach.checkpoint.Fingerprint;
import io.stagecoach.checkpoint.Position;
import io.stagecoach.checkpoint.RecordedPlan;
import io.stagecoach.checkpoint.RunState;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.report.ReportJson;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.PreparedData;
import io.stagecoach.sync.Synchronizer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A run's state, at its start and at each of its mini-batches.
 *
 * @param first the state that it starts from
 * @param lossBefore the loss of the step before; NaN before the first
 * @param reporting what it has done
 */
record RunStates(RunState first, double lossBefore, RunReporting reporting) {

  /** The states of a run that begins, or goes on with an interrupted one. */
  static RunStates of(
      StagecoachConf conf,
      TrainingPlan plan,
      Fingerprint fingerprint,
      PreparedData prepared,
      Optional<RunState> interrupted,
      StartModel model,
      RunReporting reporting) {
    long updates = model.updater().iterations();
    int epochs = model.updater().epochs();
    RunState first =
        new RunState(
            interrupted.map(RunState::position).orElse(Position.START),
            interrupted
                .map(RunState::counters)
                .orElse(new Counters(updates, epochs, updates, epochs, 0)),
            conf.seed(),
            new RecordedPlan(
                plan.plan().stages().stream().map(PlannedStage::firstLayer).toList(),
                plan.schedule().microBatches(),
                plan.schedule().name(),
                conf.exchange().word(),
                List.of()),
            fingerprint,
            texts(prepared),
            "");
    return new RunStates(
        first,
        interrupted.map(run -> ReportJson.read(run.history()).loss().last()).orElse(Double.NaN),
        reporting);
  }

  /** What a model that is made of the state is saved with. */
  private static Map<String, String> texts(PreparedData prepared) {
    Map<String, String> texts = new TreeMap<>(prepared.learned().toTexts());
    texts.put(SavedModel.DATA, prepared.snapshot().toJson());
    return texts;
  }

  /** Where the step loop begins. */
  TrainingLoop.Start start() {
    return new TrainingLoop.Start(first.position(), lossBefore);
  }

  /** How many epochs the model had seen when the run began. */
  int firstEpoch() {
    return first.counters().firstEpoch();
  }

  /** What had been counted before the first step that is to come. */
  Synchronizer.Counts countsBefore() {
    return new Synchronizer.Counts(first.counters().updates(), first.counters().consecutiveSkips());
  }

  /** The state at a mini-batch's end. */
  RunState at(Position position, Synchronizer.Counts counts) {
    RecordedPlan plan = first.plan();
    return new RunState(
        position,
        new Counters(
            counts.updates(),
            firstEpoch() + position.epoch(),
            first.counters().firstUpdate(),
            firstEpoch(),
            counts.consecutiveSkips()),
        first.seed(),
        new RecordedPlan(
            plan.cut(),
            plan.microBatches(),
            plan.schedule(),
            plan.exchange(),
            reporting.report().choices()),
        first.fingerprint(),
        first.learned(),
        reporting.history());
  }
}
