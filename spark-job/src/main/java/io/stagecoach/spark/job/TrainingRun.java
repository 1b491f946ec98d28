package io.stagecoach.spark.job;

import io.stagecoach.batch.MicroBatches;
import io.stagecoach.checkpoint.CheckpointStore;
import io.stagecoach.checkpoint.CheckpointWriter;
import io.stagecoach.checkpoint.Fingerprint;
import io.stagecoach.checkpoint.Retention;
import io.stagecoach.checkpoint.RunState;
import io.stagecoach.checkpoint.WriterFigures;
import io.stagecoach.engine.dl4j.LayerCosts;
import io.stagecoach.engine.dl4j.TextModel;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.optimizer.OptimizerSettings;
import io.stagecoach.model.text.GenerationSettings;
import io.stagecoach.model.text.Sampling;
import io.stagecoach.model.text.Tokenizer;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.report.PlanFigures;
import io.stagecoach.report.ReportTable;
import io.stagecoach.report.RunReport;
import io.stagecoach.spark.cluster.LastingPipeline;
import io.stagecoach.spark.config.Setting;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.JobData;
import io.stagecoach.spark.data.ModelShape;
import io.stagecoach.spark.data.PreparedData;
import io.stagecoach.spark.job.outcome.LastLine;
import io.stagecoach.spark.job.progress.Progress;
import io.stagecoach.spark.ui.LiveFigures;
import io.stagecoach.spark.ui.RunTracking;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One training run from its settings to its saved model. What can be refused is refused before
 * anything is computed: settings, output, model, plan, data, then executors.
 */
final class TrainingRun {

  /** By what name a tracking server has the place of the trained model. */
  private static final String MODEL_TAG = "model";

  private static final Logger LOG = LoggerFactory.getLogger(TrainingRun.class);

  private final SparkSession spark;
  private final StagecoachConf conf;
  private final TrainingTask task;
  private final RunRecord record;
  private final StopRequest stop;
  private final Configuration hadoop;
  private final PrintStream out;
  private final PrintStream err;

  TrainingRun(
      SparkSession spark,
      StagecoachConf conf,
      TrainingTask task,
      RunRecord record,
      StopRequest stop,
      PrintStream out,
      PrintStream err) {
    this.spark = spark;
    this.task = task;
    this.stop = stop;
    this.conf = conf;
    this.record = record;
    this.hadoop = spark.sessionState().newHadoopConf();
    this.out = out;
    this.err = err;
  }

  LastLine run() {
    try (RunTracking tracking = RunTracking.of(conf.mlflowTrackingUri(), conf.mlflowExperiment())) {
      try {
        LastLine line = run(tracking);
        tracking.ends(RunTracking.End.FINISHED, Map.of(MODEL_TAG, record.figures().model()));
        return line;
      } catch (RuntimeException | Error e) {
        tracking.ends(stop.isMade() ? RunTracking.End.KILLED : RunTracking.End.FAILED, Map.of());
        throw e;
      }
    }
  }

  private LastLine run(RunTracking tracking) {
    record.update(figures -> figures.pipeline(conf.stages(), conf.exchange().word()));
    OutputDirectory output =
        OutputDirectory.open(
            conf.outputPath()
                .orElseThrow(
                    () ->
                        new StagecoachException(
                            ErrorKind.CONFIGURATION,
                            "No output path is named",
                            "Set " + Settings.OUTPUT_PATH.key() + ".")),
            conf.outputOverwrite(),
            hadoop);
    CheckpointStore checkpoints = CheckpointPlace.of(conf, output, hadoop);
    CheckpointStore best = CheckpointPlace.ofBest(conf, output, hadoop);
    JobData data = task.data().get();
    try (Progress progress = Progress.of(conf.progress(), err);
        StartModel model = StartModel.of(conf, data, hadoop);
        Resumption resumption = Resumption.look(conf, checkpoints)) {
      IntFunction<ModelCosts> costs = rows -> LayerCosts.of(model.model(), rows, data);
      RunFingerprint fingerprint = RunFingerprint.of(conf, model.updater());
      PipelineChoices choices = PipelineChoices.of(resumption.settled(), hadoop, costs);
      TrainingPlan usual = choices.byOperations();
      if (choices.open().isEmpty()) {
        out.println(usual.table(Optional.empty()));
      }
      ModelShape shape = ModelShapes.of(model.model(), data);
      task.requirement().accept(shape);
      progress.message("Laying out the examples");
      PreparedData prepared = data.prepare(shape, model.learned());
      progress.message(DataSummary.of(prepared));
      try {
        OptimizerSettings optimizer = optimizer(model, prepared);
        if (resumption.goesOn(fingerprint.with(prepared, usual, optimizer))) {
          try (StartModel restored = resumption.restore(model, optimizer)) {
            Decision decision =
                Decision.of(spark, conf, choices, restored, prepared, telling(progress));
            Start start =
                new Start(
                    restored,
                    resumption.run(),
                    fingerprint.with(prepared, decision.plan(), optimizer));
            resumption.release();
            return advised(
                costs,
                decision.plan(),
                () ->
                    train(
                        start, decision, prepared, output, checkpoints, best, progress, tracking));
          }
        }
        PipelineChoices own = PipelineChoices.of(conf, hadoop, costs);
        Decision decision = Decision.of(spark, conf, own, model, prepared, telling(progress));
        resumption.beginAnew();
        CheckpointCleanUp.before(best);
        model.updater().optimize(optimizer);
        Start start =
            new Start(
                model, Optional.empty(), fingerprint.with(prepared, decision.plan(), optimizer));
        return advised(
            costs,
            decision.plan(),
            () -> train(start, decision, prepared, output, checkpoints, best, progress, tracking));
      } finally {
        if (!conf.batchStoreKeep()) {
          StoreCleanUp.discard(prepared);
        }
      }
    }
  }

  /**
   * What training starts from.
   *
   * @param model weights and updater state
   * @param interrupted the run that it goes on with, if it does
   * @param fingerprint what its weights depend on
   */
  private record Start(StartModel model, Optional<RunState> interrupted, Fingerprint fingerprint) {}

  /** Trains; where executors lack memory, with what would need less. */
  private LastLine advised(
      IntFunction<ModelCosts> costs, TrainingPlan plan, Supplier<LastLine> training) {
    try {
      return training.get();
    } catch (StagecoachException e) {
      throw new LeanerPlans(spark.sparkContext().getConf(), hadoop, costs).advise(e, plan);
    }
  }

  private Decision.Telling telling(Progress progress) {
    return new Decision.Telling(progress::message, out::println);
  }

  private TrainingLoop.Limits limits() {
    return new TrainingLoop.Limits(conf.epochs(), conf.maxSteps(), conf.maxDuration());
  }

  /** The learning rate may fall until the run's last step. */
  private OptimizerSettings optimizer(StartModel model, PreparedData prepared) {
    MicroBatches batches = new MicroBatches(prepared.counts().training(), conf.batchSize(), 1);
    return Optimizer.of(
        conf, limits().steps(batches.steps() * TimeSegments.of(model.model(), prepared).count()));
  }

  private LastLine train(
      Start start,
      Decision decision,
      PreparedData prepared,
      OutputDirectory output,
      CheckpointStore checkpoints,
      CheckpointStore bestWeights,
      Progress progress,
      RunTracking tracking) {
    StartModel model = start.model();
    TrainingPlan plan = decision.plan();
    MicroBatches batches =
        new MicroBatches(
            prepared.counts().training(), conf.batchSize(), plan.schedule().microBatches());
    RunReporting reporting = new RunReporting(plan.schedule(), plan.replicas(), prepared.text());
    start.interrupted().ifPresent(run -> reporting.goOn(run.history()));
    reporting.reads(prepared);
    decision.reasons().forEach(reporting::chose);
    reporting.planned(PlanFigures.of(plan.plan(), decision.times()));
    tracking.begins(spark.sparkContext().appName(), params(), tags(prepared));
    reporting.watchedBy(tracking::stepEnded);
    reporting.validationsWatchedBy(tracking::validated);
    RunStates states =
        RunStates.of(
            conf, plan, start.fingerprint(), prepared, start.interrupted(), model, reporting);
    start.interrupted().ifPresent(run -> sayResumed(run, checkpoints, progress));
    try (Updating updating = Updating.of(conf, model.updater(), plan, states.countsBefore());
        CheckpointKeeping keeping =
            new CheckpointKeeping(
                conf.checkpointInterval(),
                new CheckpointWriter(
                    checkpoints,
                    new Retention(conf.checkpointKeep(), conf.checkpointKeepFor()),
                    model.updater().stateLayout(),
                    model.updater().json(),
                    conf.deadlineStep()),
                model.updater(),
                updating.weights(),
                states::at,
                states.start().position(),
                System::nanoTime);
        BestKeeping best =
            new BestKeeping(
                bestWeights,
                model.updater(),
                position -> states.at(position, updating.weights().counts()),
                conf.deadlineStep())) {
      Optional<BestKeeping> kept = conf.validationKeepBest() ? Optional.of(best) : Optional.empty();
      progress.message("Placing " + conf.executors() + " stages on executors");
      TrainingLoop.Result result;
      long placing = System.nanoTime();
      try (LastingPipeline pipeline =
              LastingPipeline.launch(
                  PipelineSpecs.of(spark, conf, plan, model, prepared),
                  PipelineSpecs.recovery(conf),
                  updating.weights()::weights,
                  updating.slices(),
                  decision.seats(),
                  reporting::recovered);
          LiveFigures figures =
              LiveFigures.of(plan.replicas(), plan.plan().stages().size(), pipeline::memory)) {
        reporting.computesOn(pipeline.stages());
        reporting.watchedBy(figures::stepEnded);
        stop.patience(conf.deadlineStop());
        TimeSegments segments = TimeSegments.of(model.model(), prepared);
        TrainingLoop.MiniBatchListener replanning =
            Replanning.listener(
                conf,
                decision,
                new Replanning.Run(
                    pipeline,
                    updating.weights(),
                    model.updater(),
                    other -> PipelineSpecs.of(spark, conf, other, model, prepared),
                    reporting,
                    progress::message,
                    limits().steps(batches.steps() * segments.count()),
                    System.nanoTime() - placing));
        TrainingLoop loop =
            new TrainingLoop(
                pipeline,
                updating.weights(),
                plan.schedule().name(),
                batches,
                plan.blocks(),
                segments,
                new Evaluation(pipeline, plan, prepared, batches.microBatchSize()),
                new ValidationWatch(
                    conf.validationPatience(),
                    conf.validationMinDelta(),
                    reporting.report().best(),
                    better -> {
                      reporting.best(better);
                      if (kept.isPresent()) {
                        updating.weights().gather();
                        kept.get().better(better);
                      }
                    }),
                ScheduleTuning.listener(
                    conf.exchange(), pipeline, plan, reporting, progress::message),
                position -> {
                  keeping.miniBatchEnded(position);
                  replanning.miniBatchEnded(position);
                },
                progress,
                stop::isMade,
                System::nanoTime);
        try {
          result = loop.run(states.firstEpoch(), states.start(), limits());
          throwIfStopped();
          updating.weights().gather();
        } catch (StagecoachException e) {
          stop.settle();
          keeping.lastly(e);
          pipeline.abandon();
          throw e;
        }
      }
      model.updater().setEpochs(states.firstEpoch() + result.epochs());
      try (WeightsToSave weights =
          WeightsToSave.last(model.updater(), result.steps(), reporting.report().validation())
              .orBest(kept, reporting.report().best())) {
        reporting.saves(weights.step(), weights.validation());
        SavedModel saved =
            new SavedModel(weights.updater(), prepared.learned(), Optional.of(prepared.snapshot()));
        save(saved, reporting, decision, output);
        keeping.finish();
        CheckpointCleanUp.afterSuccess(checkpoints, bestWeights, conf.checkpointKeepAfterSuccess());
        LastLine line = finish(result, reporting.report(), saved, output);
        sayCost(keeping.figures());
        return line;
      }
    }
  }

  /** The settings that were given. */
  private Map<String, String> params() {
    Map<String, String> params = new TreeMap<>();
    for (Setting<?> setting : Settings.all()) {
      if (conf.isGiven(setting)) {
        params.put(setting.name(), conf.format(setting));
      }
    }
    return params;
  }

  private Map<String, String> tags(PreparedData prepared) {
    Map<String, String> tags = new TreeMap<>();
    tags.put("spark.application", spark.sparkContext().applicationId());
    prepared.snapshot().toTexts().forEach((name, value) -> tags.put("data." + name, value));
    return tags;
  }

  private void save(
      SavedModel saved, RunReporting reporting, Decision decision, OutputDirectory output) {
    try (TemporaryDirectory local = TemporaryDirectory.create()) {
      saved.write(local.path().resolve(SavedModel.FILE));
      RunReporting.write(reporting.report(), local.path().resolve(RunReporting.FILE));
      reporting.writeTimeline(local.path());
      RunReporting.write(
          WrittenPlan.of(conf, decision.plan()), local.path().resolve(WrittenPlan.FILE));
      if (reporting.lastPlan().isPresent()) {
        RunReporting.write(
            WrittenPlan.of(conf, reporting.lastPlan().get()),
            local.path().resolve(WrittenPlan.LAST));
      }
      if (decision.profile().isPresent()) {
        RunReporting.write(decision.profile().get(), local.path().resolve(RunReporting.PROFILE));
      }
      output.commit(local.path());
    }
  }

  private void sayResumed(RunState run, CheckpointStore checkpoints, Progress progress) {
    String line =
        String.format(
            Locale.ROOT,
            "Resumed at step %,d, from the checkpoints at %s",
            run.position().step(),
            checkpoints.storage());
    out.println(line);
    progress.message(line);
    LOG.info("{}", line);
  }

  private void sayCost(WriterFigures cost) {
    if (cost.written() + cost.failed() > 0) {
      out.printf(
          Locale.ROOT,
          "Checkpoints: %,d written, %,d failed; steps were held up for %.3f s in all%n",
          cost.written(),
          cost.failed(),
          cost.heldNanos() / 1e9);
    }
  }

  private void throwIfStopped() {
    stop.asFailure()
        .ifPresent(
            stopped -> {
              throw stopped;
            });
  }

  private LastLine finish(
      TrainingLoop.Result result, RunReport report, SavedModel saved, OutputDirectory output) {
    String modelPath = output.path() + "/" + SavedModel.FILE;
    record.update(
        figures ->
            figures
                .trained(
                    result.steps(), result.epochs(), result.lastLoss(), result.examplesPerSecond())
                .bubble(report.bubble().measured(), report.bubble().simulated())
                .model(modelPath));
    Map<String, Double> metrics = new LinkedHashMap<>(report.validation());
    Optional.ofNullable(metrics.remove(RunReporting.LOSS))
        .ifPresent(loss -> record.update(figures -> figures.validated(loss)));
    out.println(ReportTable.text(report).stripTrailing());
    sample(saved);
    out.println("The model is at " + modelPath);
    if (report.best().found()) {
      metrics.put("best_epoch", (double) report.best().epoch());
      metrics.put("best_validation_loss", report.best().loss());
      metrics.put("saved_step", (double) report.savedStep());
    }
    return LastLine.succeeded(record.figures()).with(metrics);
  }

  private void sample(SavedModel saved) {
    Optional<Tokenizer> tokenizer = saved.learned().tokenizer();
    if (conf.sampleLength() == 0 || tokenizer.isEmpty()) {
      return;
    }
    GenerationSettings settings =
        GenerationSettings.of(
            conf.sampleLength(), Sampling.at(conf.sampleTemperature(), conf.seed()));
    String text;
    try (TextModel model = new TextModel(saved.updater(), tokenizer.get())) {
      text = model.generate(conf.sampleStart(), settings);
    } catch (StagecoachException e) {
      // The model is trained and saved; that it cannot be shown is no failure.
      LOG.warn("No sample of what the model writes: {}", e.getMessage());
      return;
    }
    out.println();
    out.println("A sample of what the model writes:");
    out.println();
    out.println(text.strip());
    out.println();
  }
}
