package io.stagecoach.spark.job;

import io.stagecoach.engine.Loss;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.DifferingResume;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.DataSnapshot;
import io.stagecoach.spark.data.JobData;
import io.stagecoach.spark.data.PreparedData;
import io.stagecoach.spark.job.retrain.IntervalKey;
import io.stagecoach.spark.job.retrain.IntervalSettings;
import io.stagecoach.spark.job.retrain.Measured;
import io.stagecoach.spark.job.retrain.RetrainWork;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/** Trains and measures through pipelines, as {@code train} and {@code evaluate} do. */
final class PipelineRetrainWork implements RetrainWork {

  private final SparkSession spark;
  private final SparkConf template;
  private final IntervalKey interval;
  private final RunRecord record;
  private final StopRequest stop;
  private final Configuration hadoop;

  /**
   * @param template the settings, the interval not yet in them
   * @param record is told what is known so far
   * @param stop whether training is to stop before its end
   */
  PipelineRetrainWork(
      SparkSession spark,
      SparkConf template,
      IntervalKey interval,
      RunRecord record,
      StopRequest stop) {
    this.spark = spark;
    this.template = template;
    this.interval = interval;
    this.record = record;
    this.stop = stop;
    this.hadoop = spark.sessionState().newHadoopConf();
  }

  private SparkConf filled(IntervalKey with) {
    SparkConf settings = template.clone();
    IntervalSettings.fill(settings, with);
    return settings;
  }

  @Override
  public Optional<String> nothingNew() {
    StagecoachConf conf = StagecoachConf.from(filled(interval));
    Optional<String> path = conf.dataPath().filter(p -> IntervalSettings.isInPath(template));
    if (path.isPresent() && isMissing(path.get())) {
      return Optional.of("nothing is at " + path.get());
    }
    return JobData.open(spark, conf).isEmpty()
        ? Optional.of("the data has no rows of the interval " + interval)
        : Optional.empty();
  }

  private boolean isMissing(String path) {
    try {
      Path given = new Path(path);
      FileStatus[] found = given.getFileSystem(hadoop).globStatus(given);
      return found == null || found.length == 0;
    } catch (IOException | IllegalArgumentException e) {
      // Reading it will say what is wrong.
      return false;
    }
  }

  @Override
  public Map<String, String> settings() {
    return IntervalSettings.ofTraining(filled(interval));
  }

  @Override
  public Map<String, String> versions() {
    Map<String, String> versions = new LinkedHashMap<>();
    String own = PipelineRetrainWork.class.getPackage().getImplementationVersion();
    versions.put("stagecoach", own == null ? "unknown" : own);
    versions.put("spark", spark.version());
    versions.put("java", System.getProperty("java.version"));
    return versions;
  }

  @Override
  public boolean isTrained(String path) {
    Path file = new Path(path, SavedModel.FILE);
    try {
      return file.getFileSystem(hadoop).exists(file);
    } catch (IOException e) {
      // Whoever writes it will say what is wrong.
      return false;
    }
  }

  @Override
  public void train(String path, Optional<String> from) {
    SparkConf settings = filled(interval);
    from.ifPresent(model -> ModelSettings.goOnFrom(model, settings));
    settings.set(Settings.OUTPUT_PATH.key(), path);
    settings.setIfMissing(Settings.RESUME_DIFFERING.key(), DifferingResume.RESTART.word());
    new TrainingRun(spark, StagecoachConf.from(settings), record, stop, System.out, System.err)
        .run();
  }

  @Override
  public Measured measure(String candidate, Optional<AcceptedModel> accepted) {
    ModelFileAccess files = new ModelFileAccess(hadoop);
    SavedModel saved = SavedModel.read(files, candidate);
    try (StartModel ours = new StartModel(saved.updater(), Optional.of(saved.learned()));
        StartModel theirs = accepted.map(model -> start(files, model.path())).orElse(null)) {
      Map<String, String> trainedOn = saved.data().map(DataSnapshot::toTexts).orElse(Map.of());
      List<StartModel> models = theirs == null ? List.of(ours) : List.of(ours, theirs);
      Found found = heldOut(models);
      Optional<Measured.Pair> earlier =
          accepted
              .map(AcceptedModel::interval)
              .filter(before -> !before.equals(interval) && !conf(interval).retrainHasHeldOut())
              .map(before -> pair(earlier(before, models)));
      return new Measured(
          trainedOn,
          found.snapshot(),
          found.metrics().get(0),
          theirs == null ? Optional.empty() : Optional.of(found.metrics().get(1)),
          earlier);
    }
  }

  private static StartModel start(ModelFileAccess files, String path) {
    SavedModel saved = SavedModel.read(files, path);
    return new StartModel(saved.updater(), Optional.of(saved.learned()));
  }

  private StagecoachConf conf(IntervalKey with) {
    return StagecoachConf.from(filled(with));
  }

  /**
   * What was measured on one set of examples.
   *
   * @param snapshot what was read
   * @param metrics each model's measures by name, the loss first
   */
  private record Found(Map<String, String> snapshot, List<Map<String, Double>> metrics) {}

  private static Measured.Pair pair(Found found) {
    return new Measured.Pair(found.metrics().get(0), found.metrics().get(1));
  }

  /** On the data that the settings name for this, or on the validation share of the interval. */
  private Found heldOut(List<StartModel> models) {
    StagecoachConf given = conf(interval);
    if (!given.retrainHasHeldOut()) {
      return validationShare(given, models);
    }
    StagecoachConf conf = StagecoachConf.from(IntervalSettings.heldOut(filled(interval)));
    JobData data = JobData.open(spark, conf);
    StartModel first = models.get(0);
    PreparedData prepared =
        data.prepareForEvaluation(
            ModelShapes.of(first.model(), data), first.learned().orElseThrow());
    return measure(conf, models, data, prepared);
  }

  private Found validationShare(StagecoachConf conf, List<StartModel> models) {
    JobData data = JobData.open(spark, conf);
    StartModel first = models.get(0);
    PreparedData prepared = data.prepare(ModelShapes.of(first.model(), data), first.learned());
    return measure(conf, models, data, prepared);
  }

  private Found earlier(IntervalKey before, List<StartModel> models) {
    try {
      return validationShare(conf(before), models);
    } catch (StagecoachException e) {
      throw new StagecoachException(
          e.kind(),
          "On the data that the accepted model was accepted on, the interval "
              + before
              + ", nothing can be measured: "
              + e.what(),
          e.where(),
          e.remedy()
              + " Where old data goes away, set "
              + Settings.RETRAIN_HELD_OUT_PATH.key()
              + " or "
              + Settings.RETRAIN_HELD_OUT_FILTER.key()
              + " to data that stays.",
          e);
    }
  }

  private Found measure(
      StagecoachConf conf, List<StartModel> models, JobData data, PreparedData prepared) {
    try {
      List<Loss> losses =
          new ModelMeasuring(spark, conf, hadoop, models.get(0), data)
              .measure(models.stream().map(StartModel::updater).toList(), prepared);
      return new Found(
          prepared.snapshot().toTexts(),
          losses.stream().map(loss -> metrics(loss, prepared)).toList());
    } finally {
      if (!conf.batchStoreKeep()) {
        StoreCleanUp.discard(prepared);
      }
    }
  }

  private static Map<String, Double> metrics(Loss loss, PreparedData prepared) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put(RunReporting.LOSS, loss.sum() / loss.timeSteps());
    metrics.putAll(Metrics.of(loss, prepared.text()));
    return metrics;
  }
}
