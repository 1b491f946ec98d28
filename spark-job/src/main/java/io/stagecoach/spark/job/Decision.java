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
 * @param seats Spark's ids of the executors that are to have the places, by place; empty where
 *     nobody minds
 */
record Decision(
    TrainingPlan plan,
    List<String> reasons,
    Optional<RunProfile> profile,
    Optional<PlanTimes> times,
    List<String> seats) {

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
      StagecoachConf given,
      PipelineChoices possible,
      StartModel model,
      PreparedData prepared,
      Telling telling) {
    StagecoachConf conf = CommonRoom.settle(spark, given);
    PipelineChoices choices = possible.under(conf);
    TrainingPlan usual = choices.byOperations();
    if (choices.open().isEmpty()) {
      Optional<DevicePlan> forDevices =
          choices.isCutOpen()
              ? new DevicePlanning(spark, conf, usual, PartCosts.operations(usual)).forMemory()
              : Optional.empty();
      forDevices.ifPresent(
          found -> {
            telling.result().accept(found.plan().table(Optional.empty()));
            tell(List.of(found.reason()), telling);
          });
      return new Decision(
          forDevices.map(DevicePlan::plan).orElse(usual),
          forDevices.map(DevicePlan::reason).map(List::of).orElse(List.of()),
          Optional.empty(),
          Optional.empty(),
          forDevices.map(DevicePlan::seats).orElse(List.of()));
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
              .measure(
                  conf.batchSize(),
                  choices.rows(),
                  choices.largest(),
                  ProfileConditions.comparison(spark, conf, conditions))
              .under(conditions);
    }
    PipelineChoice choice = choices.by(profile);
    Optional<DevicePlan> forDevices = Optional.empty();
    if (choices.isCutOpen()) {
      PartCosts parts = PartCosts.measured(profile, choice.plan(), conf.exchange());
      DevicePlanning planning = new DevicePlanning(spark, conf, choice.plan(), parts);
      forDevices = known.isEmpty() ? planning.of(profile) : planning.forMemory();
    }
    TrainingPlan plan = forDevices.map(DevicePlan::plan).orElse(choice.plan());
    PlanTimes times = forDevices.flatMap(DevicePlan::times).orElse(choice.times());
    List<String> reasons = new ArrayList<>(List.of(choice.reason()));
    forDevices.map(DevicePlan::reason).ifPresent(reasons::add);
    known.map(KnownProfile::line).ifPresent(reasons::add);
    telling.result().accept(plan.table(Optional.of(times)));
    tell(reasons, telling);
    return new Decision(
        plan,
        List.copyOf(reasons),
        Optional.of(profile),
        Optional.of(times),
        forDevices.map(DevicePlan::seats).orElse(List.of()));
  }

  private static void tell(List<String> reasons, Telling telling) {
    reasons.forEach(
        reason -> {
          telling.result().accept("Chosen: " + reason);
          LOG.info("{}", reason);
        });
  }
}
