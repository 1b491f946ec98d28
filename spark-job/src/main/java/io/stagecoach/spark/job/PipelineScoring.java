package io.stagecoach.spark.job;

import io.stagecoach.engine.dl4j.LayerCosts;
import io.stagecoach.engine.dl4j.ModelOutputs;
import io.stagecoach.spark.cluster.LastingPipeline;
import io.stagecoach.spark.cluster.Pipeline;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.BatchStorePlace;
import io.stagecoach.spark.score.PredictionFiles;
import io.stagecoach.spark.score.PredictionForm;
import io.stagecoach.spark.score.Scoring;
import io.stagecoach.spark.score.StagedBatches;
import io.stagecoach.spark.score.StagedRows;
import java.util.UUID;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A model that is cut into stages. The stages hold the executors, so that no other Spark job runs
 * beside them: a job writes the rows in batches into files, the batches' features go through the
 * stages, and a second job puts the predictions behind the rows.
 */
final class PipelineScoring implements RowScoring {

  /** Filling and draining the pipeline for each step then costs a fifth at most. */
  private static final int BATCHES_FOR_A_STAGE = 4;

  private final SparkSession spark;
  private final StagecoachConf conf;
  private final Configuration hadoop;
  private final PredictionForm form;
  private final StartModel model;
  private final TrainingPlan plan;

  /**
   * Plans.
   *
   * @param model closed with this
   * @throws io.stagecoach.error.StagecoachException PLAN if the model cannot be cut so
   */
  PipelineScoring(
      SparkSession spark,
      StagecoachConf conf,
      Configuration hadoop,
      PredictionForm form,
      StartModel model) {
    this.spark = spark;
    this.conf = conf;
    this.hadoop = hadoop;
    this.form = form;
    this.model = model;
    LearnedLengths lengths = new LearnedLengths(form.learned().inputs(), conf);
    this.plan =
        PipelineChoices.of(conf, hadoop, rows -> LayerCosts.of(model.model(), rows, lengths))
            .byOperations();
  }

  @Override
  public PredictionForm form() {
    return form;
  }

  @Override
  public int stages() {
    return plan.schedule().stages();
  }

  @Override
  public void score(
      Scoring scoring, Dataset<Row> table, Scoring.Counts counts, Consumer<Dataset<Row>> writer) {
    Path folder = new Path(BatchStorePlace.of(conf), "scoring-" + UUID.randomUUID());
    StagedRows staged = new StagedRows(folder.toString(), hadoop);
    try {
      scoring.stage(table, conf.scoreBatchSize(), counts, staged);
      predict(staged);
      writer.accept(scoring.joined(spark, staged));
    } finally {
      staged.delete();
    }
  }

  private void predict(StagedRows staged) {
    try (Pipeline pipeline =
            LastingPipeline.launch(
                PipelineSpecs.withoutData(spark, conf, plan, model.updater().json()),
                PipelineSpecs.recovery(conf),
                stage -> plan.weights(model.updater()).apply(stage).orElseGet(Nd4j::empty),
                setback -> {});
        StagedBatches batches = new StagedBatches(staged);
        PredictionFiles files = new PredictionFiles(staged)) {
      System.out.printf("The rows go through %d stages%n", stages());
      new PipelinePredictions(
              pipeline,
              plan.weights(model.updater()),
              new ModelOutputs(model.model()),
              BATCHES_FOR_A_STAGE * stages())
          .run(batches, files);
    }
  }

  @Override
  public void close() {
    model.close();
  }
}
