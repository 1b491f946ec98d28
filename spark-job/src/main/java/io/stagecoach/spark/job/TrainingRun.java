package io.stagecoach.spark.job;

import io.stagecoach.batch.ColumnSpec;
import io.stagecoach.batch.Columns;
import io.stagecoach.batch.MicroBatches;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.TextSampler;
import io.stagecoach.model.Vocabulary;
import io.stagecoach.report.ReportTable;
import io.stagecoach.report.RunReport;
import io.stagecoach.spark.cluster.Pipeline;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.JobData;
import io.stagecoach.spark.data.PreparedData;
import io.stagecoach.spark.job.outcome.LastLine;
import io.stagecoach.spark.job.progress.Progress;
import io.stagecoach.sync.SyncSettings;
import io.stagecoach.sync.Synchronizer;
import java.io.PrintStream;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/**
 * One training run from its settings to its saved model. What can be refused is refused before
 * anything is computed: settings, output, model, plan, data, then executors.
 */
final class TrainingRun {

  private final SparkSession spark;
  private final StagecoachConf conf;
  private final RunRecord record;
  private final Configuration hadoop;
  private final PrintStream out;
  private final PrintStream err;

  TrainingRun(
      SparkSession spark, StagecoachConf conf, RunRecord record, PrintStream out, PrintStream err) {
    this.spark = spark;
    this.conf = conf;
    this.record = record;
    this.hadoop = spark.sessionState().newHadoopConf();
    this.out = out;
    this.err = err;
  }

  LastLine run() {
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
    JobData data = JobData.open(spark, conf);
    try (Progress progress = Progress.of(conf.progress(), err);
        StartModel model = StartModel.of(conf, data, hadoop)) {
      TrainingPlan plan =
          TrainingPlan.of(conf, ScheduleChoice.of(conf, hadoop), model.model(), data.timeSteps());
      out.println(plan.plan().table());
      progress.message("Laying out the examples");
      PreparedData prepared = data.prepare(ModelShapes.of(model.model()), model.learned());
      progress.message(DataSummary.of(prepared));
      try {
        return train(model, plan, prepared, output, progress);
      } finally {
        if (!conf.batchStoreKeep()) {
          StoreCleanUp.discard(prepared);
        }
      }
    }
  }

  private LastLine train(
      StartModel model,
      TrainingPlan plan,
      PreparedData prepared,
      OutputDirectory output,
      Progress progress) {
    MicroBatches batches =
        new MicroBatches(prepared.counts().training(), conf.batchSize(), conf.microBatches());
    int timeSteps =
        prepared.manifest().columns().stream()
            .filter(column -> column.name().startsWith(Columns.FEATURES))
            .mapToInt(ColumnSpec::timeSteps)
            .max()
            .orElse(1);
    TimeSegments segments = TimeSegments.of(model.model(), timeSteps);
    RunReporting reporting = new RunReporting(plan.schedule());
    try (Synchronizer synchronizer =
        new Synchronizer(
            model.updater(),
            plan.parameters(),
            model.updater().iterations(),
            new SyncSettings(conf.gradientWeight(), conf.clipNorm(), conf.nonFiniteMaxSkips()))) {
      progress.message("Placing " + conf.stages() + " stages on executors");
      // Each update sets the count to its own epoch.
      int epochsBefore = model.updater().epochs();
      TrainingLoop.Result result;
      RunReport report;
      try (Pipeline pipeline =
          Pipeline.launch(PipelineSpecs.of(spark, conf, plan, model, prepared))) {
        result =
            new TrainingLoop(
                    pipeline,
                    synchronizer,
                    plan.schedule().name(),
                    batches,
                    segments,
                    new Evaluation(
                        pipeline, prepared.counts().validation(), batches.microBatchSize()),
                    reporting,
                    progress,
                    System::nanoTime)
                .run(
                    epochsBefore,
                    new TrainingLoop.Limits(conf.epochs(), conf.maxSteps(), conf.maxDuration()));
        report = reporting.report();
      }
      model.updater().setEpochs(epochsBefore + result.epochs());
      SavedModel saved = new SavedModel(model.updater(), prepared.learned());
      try (TemporaryDirectory local = TemporaryDirectory.create()) {
        saved.write(local.path().resolve(SavedModel.FILE));
        RunReporting.write(report, local.path().resolve(RunReporting.FILE));
        reporting.writeTimeline(local.path());
        output.commit(local.path());
      }
      return finish(result, report, saved, output);
    }
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
    result
        .validation()
        .ifPresent(
            loss -> record.update(figures -> figures.validated(loss.sum() / loss.timeSteps())));
    out.println(ReportTable.text(report).stripTrailing());
    sample(saved);
    out.println("The model is at " + modelPath);
    Map<String, Double> metrics = result.validation().map(Metrics::of).orElse(Map.of());
    return LastLine.succeeded(record.figures()).with(metrics);
  }

  private void sample(SavedModel saved) {
    Optional<Vocabulary> vocabulary = saved.learned().vocabulary();
    if (conf.sampleLength() == 0
        || vocabulary.isEmpty()
        || !(saved.updater().network() instanceof MultiLayerNetwork network)) {
      return;
    }
    // A new line is where texts begin.
    String start =
        conf.sampleStart().isEmpty() ? vocabulary.get().decode(new int[] {0}) : conf.sampleStart();
    String text =
        new TextSampler(network, vocabulary.get())
            .sample(start, conf.sampleLength(), conf.sampleTemperature(), conf.seed());
    out.println();
    out.println("A sample of what the model writes:");
    out.println();
    out.println(text.strip());
    out.println();
  }
}
