package io.stagecoach.spark.job;

import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.PreparedData;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a run goes, and what was measured to decide it.
 *
 * @param plan how it goes
 * @param reasons why, a line for each choice
 * @param profile what was measured, where anything was
 */
record Decision(TrainingPlan plan, List<String> reasons, Optional<RunProfile> profile) {

  private static final Logger LOG = LoggerFactory.getLogger(Decision.class);

  /**
   * Who is told of it.
   *
   * @param phase what is being done
   * @param result lines to read afterwards
   */
  record Telling(Consumer<String> phase, Consumer<String> result) {}

  /** What the settings say; where they leave something, after measuring. */
  static Decision of(
      SparkSession spark,
      StagecoachConf conf,
      PipelineChoices choices,
      StartModel model,
      PreparedData prepared,
      Telling telling) {
    TrainingPlan usual = choices.byOperations();
    if (choices.open().isEmpty()) {
      return new Decision(usual, List.of(), Optional.empty());
    }
    telling.phase().accept("Measuring layers and hops");
    RunProfile profile =
        new RunProfiling(
                PipelineSpecs.of(spark, conf, usual, model, prepared),
                PipelineSpecs.recovery(conf),
                prepared.counts().training(),
                TimeSegments.of(model.model(), prepared).segments().get(0))
            .measure(conf.batchSize(), choices.rows(), choices.largest());
    PipelineChoice choice = choices.by(profile);
    telling.result().accept(choice.plan().table());
    telling.result().accept("Chosen: " + choice.reason());
    LOG.info("{}", choice.reason());
    return new Decision(choice.plan(), List.of(choice.reason()), Optional.of(profile));
  }
}
