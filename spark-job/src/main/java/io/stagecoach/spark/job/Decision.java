package io.stagecoach.spark.job;

import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.plan.PlanTimes;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.PreparedData;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
 * @param times what its parts should take by that
 */
record Decision(
    TrainingPlan plan,
    List<String> reasons,
    Optional<RunProfile> profile,
    Optional<PlanTimes> times) {

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
      return new Decision(usual, List.of(), Optional.empty(), Optional.empty());
    }
    Map<String, String> conditions =
        ProfileConditions.of(spark, conf, model, choices.rows(), choices.largest());
    Optional<KnownProfile> known =
        KnownProfile.look(
            conf, spark.sessionState().newHadoopConf(), choices.largest(), conditions);
    RunProfile profile;
    if (known.isPresent()) {
      profile = known.get().profile();
    } else {
      telling.phase().accept("Measuring layers and hops");
      profile =
          new RunProfiling(
                  PipelineSpecs.of(spark, conf, usual, model, prepared),
                  PipelineSpecs.recovery(conf),
                  prepared.counts().training(),
                  TimeSegments.of(model.model(), prepared).segments().get(0))
              .measure(conf.batchSize(), choices.rows(), choices.largest())
              .under(conditions);
    }
    PipelineChoice choice = choices.by(profile);
    List<String> reasons = new ArrayList<>(List.of(choice.reason()));
    known.map(KnownProfile::line).ifPresent(reasons::add);
    telling.result().accept(choice.plan().table(Optional.of(choice.times())));
    reasons.forEach(
        reason -> {
          telling.result().accept("Chosen: " + reason);
          LOG.info("{}", reason);
        });
    return new Decision(
        choice.plan(), List.copyOf(reasons), Optional.of(profile), Optional.of(choice.times()));
  }
}
