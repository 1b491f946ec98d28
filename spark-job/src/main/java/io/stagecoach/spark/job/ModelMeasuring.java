package io.stagecoach.spark.job;

import io.stagecoach.engine.Loss;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.engine.dl4j.LayerCosts;
import io.stagecoach.spark.cluster.LastingPipeline;
import io.stagecoach.spark.cluster.Pipeline;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.JobData;
import io.stagecoach.spark.data.PreparedData;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.nd4j.linalg.factory.Nd4j;

/** Measures models of one configuration on examples, one after another through one pipeline. */
final class ModelMeasuring {

  private final SparkSession spark;
  private final StagecoachConf conf;
  private final StartModel first;
  private final TrainingPlan plan;

  /**
   * Plans.
   *
   * @param first the first of the models, borrowed
   * @throws io.stagecoach.error.StagecoachException PLAN if the model cannot be cut so
   */
  ModelMeasuring(
      SparkSession spark,
      StagecoachConf conf,
      Configuration hadoop,
      StartModel first,
      JobData data) {
    this.spark = spark;
    this.conf = conf;
    this.first = first;
    this.plan =
        PipelineChoices.of(conf, hadoop, rows -> LayerCosts.of(first.model(), rows, data))
            .byOperations();
  }

  /**
   * The loss of each model over all validation examples.
   *
   * @param models the first one and others of its configuration
   * @param prepared has examples to measure with
   */
  List<Loss> measure(List<Dl4jModelUpdater> models, PreparedData prepared) {
    AtomicReference<Dl4jModelUpdater> current = new AtomicReference<>(models.get(0));
    List<Loss> losses = new ArrayList<>();
    try (Pipeline pipeline =
        LastingPipeline.launch(
            PipelineSpecs.of(spark, conf, plan, first, prepared),
            PipelineSpecs.recovery(conf),
            stage -> plan.weights(current.get()).apply(stage).orElseGet(Nd4j::empty),
            setback -> {})) {
      Evaluation evaluation = new Evaluation(pipeline, plan, prepared, plan.rows());
      for (Dl4jModelUpdater model : models) {
        current.set(model);
        losses.add(evaluation.run(losses.size(), plan.weights(model)).orElseThrow());
      }
    }
    return losses;
  }
}
