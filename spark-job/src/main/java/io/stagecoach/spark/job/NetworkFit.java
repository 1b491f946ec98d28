package io.stagecoach.spark.job;

import io.stagecoach.batch.MicroBatches;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.dl4j.Dl4jModel;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.engine.dl4j.LayerCosts;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.report.BestFigures;
import io.stagecoach.report.PlanFigures;
import io.stagecoach.report.RunReport;
import io.stagecoach.spark.cluster.LastingPipeline;
import io.stagecoach.spark.cluster.SliceHolder;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.SparkSettingsCheck;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.config.SynchronizerKind;
import io.stagecoach.spark.data.DataSetData;
import io.stagecoach.spark.data.ModelShape;
import io.stagecoach.spark.data.PreparedData;
import io.stagecoach.spark.gpu.GpuSettingsCheck;
import io.stagecoach.spark.job.progress.Progress;
import io.stagecoach.spark.ui.LiveFigures;
import io.stagecoach.sync.StagePart;
import io.stagecoach.sync.StepOutcome;
import io.stagecoach.sync.SyncSettings;
import io.stagecoach.sync.Synchronizer;
import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains a network that a program holds on examples that it has, in the program's own application:
 * weights, updater state and counts change in place. Nothing is saved, and nothing is resumed.
 */
public final class NetworkFit {

  private static final Logger LOG = LoggerFactory.getLogger(NetworkFit.class);

  private final SparkSession spark;
  private final StagecoachConf conf;
  private final Configuration hadoop;
  private final FitListener listener;
  private final PrintStream err = System.err;

  /**
   * @param conf the settings; those of the data's source, the model and the output are not looked
   *     at
   */
  public NetworkFit(SparkSession spark, StagecoachConf conf, FitListener listener) {
    this.spark = spark;
    this.conf = conf;
    this.hadoop = spark.sessionState().newHadoopConf();
    this.listener = listener;
  }

  /**
   * Lays out the examples for a network.
   *
   * @throws StagecoachException where the cluster's settings do not allow a pipeline, or the
   *     examples do not fit the network
   */
  public PreparedData prepare(DataSetData data, Dl4jModel model) {
    SparkSettingsCheck.check(spark.sparkContext().getConf(), conf.executors());
    GpuSettingsCheck.check(spark.sparkContext().getConf());
    WireTypeCheck.check(conf.wireType(), model.dataType());
    if (conf.synchronizer() != SynchronizerKind.DRIVER) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          Settings.SYNCHRONIZER.key()
              + "="
              + conf.synchronizer().word()
              + " is not for a network that a program holds, whose listeners see each update",
          "Leave " + Settings.SYNCHRONIZER.key() + " out.");
    }
    ModelShape shape = ModelShapes.of(model, data.lengths());
    PreparedData prepared = data.prepare(shape);
    LOG.info("{}", DataSummary.of(prepared));
    return prepared;
  }

  /**
   * Trains.
   *
   * @param updater the network; stays the caller's
   * @param data what the examples are
   * @param prepared the same, laid out
   */
  public RunReport run(Dl4jModelUpdater updater, DataSetData data, PreparedData prepared) {
    StartModel model = new StartModel(updater, Optional.empty());
    IntFunction<ModelCosts> costs =
        rows -> LayerCosts.of(model.model(), rows, data.lengths(prepared));
    try (Progress progress = Progress.of(conf.progress(), err)) {
      Decision decision =
          Decision.of(
              spark,
              conf,
              PipelineChoices.of(conf, hadoop, costs),
              model,
              prepared,
              new Decision.Telling(progress::message, LOG::info));
      try {
        return train(model, decision, prepared, progress);
      } catch (StagecoachException e) {
        throw new LeanerPlans(spark.sparkContext().getConf(), hadoop, costs)
            .advise(e, decision.plan());
      }
    }
  }

  private RunReport train(
      StartModel model, Decision decision, PreparedData prepared, Progress progress) {
    TrainingPlan plan = decision.plan();
    MicroBatches batches =
        new MicroBatches(
            prepared.counts().training(), conf.batchSize(), plan.schedule().microBatches());
    RunReporting reporting = new RunReporting(plan.schedule(), plan.replicas(), Optional.empty());
    reporting.reads(prepared);
    decision.reasons().forEach(reporting::chose);
    reporting.planned(PlanFigures.of(plan.plan(), decision.times()));
    model.updater().shareUpdates(Updating.threads(conf));
    int firstEpoch = model.updater().epochs();
    TrainingLoop.Limits limits =
        new TrainingLoop.Limits(conf.epochs(), conf.maxSteps(), conf.maxDuration());
    TimeSegments segments = TimeSegments.of(model.model(), prepared);
    FitEvents events = new FitEvents(listener, model.updater(), batches.steps());
    long placing = System.nanoTime();
    try (Synchronizer synchronizer =
            new Synchronizer(
                new BorrowedUpdater(model.updater(), events::gradientsSummed),
                plan.layouts(model.updater()),
                model.updater().iterations(),
                new SyncSettings(
                    conf.gradientWeight(), conf.clipNorm(), conf.nonFiniteMaxSkips()));
        LastingPipeline pipeline =
            LastingPipeline.launch(
                PipelineSpecs.of(spark, conf, plan, model, prepared),
                PipelineSpecs.recovery(conf),
                synchronizer::weights,
                SliceHolder.none(),
                decision.seats(),
                reporting::recovered);
        LiveFigures figures =
            LiveFigures.of(plan.replicas(), plan.plan().stages().size(), pipeline::memory)) {
      reporting.watchedBy(figures::stepEnded);
      TrainingLoop.MiniBatchListener replanning =
          Replanning.listener(
              conf,
              decision,
              new Replanning.Run(
                  pipeline,
                  synchronizer,
                  model.updater(),
                  other -> PipelineSpecs.of(spark, conf, other, model, prepared),
                  reporting,
                  progress::message,
                  limits.steps(batches.steps() * segments.count()),
                  System.nanoTime() - placing));
      TrainingLoop loop =
          new TrainingLoop(
              pipeline,
              synchronizer,
              plan.schedule().name(),
              batches,
              plan.blocks(),
              segments,
              new NoValidation(),
              new ValidationWatch(0, 0, BestFigures.none(), best -> {}),
              new Telling(
                  events,
                  ScheduleTuning.listener(
                      conf.exchange(), pipeline, plan, reporting, progress::message)),
              position -> {
                events.miniBatchEnded(position);
                replanning.miniBatchEnded(position);
              },
              progress,
              () -> false,
              System::nanoTime);
      try {
        TrainingLoop.Result result = loop.run(firstEpoch, TrainingLoop.Start.first(), limits);
        model.updater().setEpochs(firstEpoch + result.epochs());
      } catch (StagecoachException e) {
        pipeline.abandon();
        throw e;
      }
      return reporting.report();
    }
  }

  /** Tells of each step, and passes it on. */
  private record Telling(FitEvents events, TrainingLoop.StepListener next)
      implements TrainingLoop.StepListener {

    @Override
    public void stepEnded(
        long step, StepOutcome outcome, List<StagePart> parts, TrainingLoop.DriverTimes times) {
      next.stepEnded(step, outcome, parts, times);
      events.stepEnded(outcome);
    }

    @Override
    public void validated(long step, Loss found) {
      next.validated(step, found);
    }
  }
}
