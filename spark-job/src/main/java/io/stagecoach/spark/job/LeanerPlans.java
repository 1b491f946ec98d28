package io.stagecoach.spark.job;

import io.stagecoach.engine.Recompute;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.Quantity;
import io.stagecoach.spark.config.Setting;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;

/** What a run whose executors lack memory could be set to, and what it would need then. */
final class LeanerPlans {

  private final SparkConf settings;
  private final Configuration hadoop;
  private final IntFunction<ModelCosts> costs;

  /**
   * @param settings the run's
   * @param costs the whole model's, by the examples of a micro-batch
   */
  LeanerPlans(SparkConf settings, Configuration hadoop, IntFunction<ModelCosts> costs) {
    this.settings = settings;
    this.hadoop = hadoop;
    this.costs = costs;
  }

  /** A failure as it is, or with what would need less memory where a stage was short of it. */
  StagecoachException advise(StagecoachException failure, TrainingPlan plan) {
    return failure.kind() == ErrorKind.RESOURCE && failure.where().stage() >= 0
        ? new StagecoachException(
            failure.kind(),
            failure.what(),
            failure.where(),
            failure.remedy() + ". " + advice(plan),
            failure.getCause())
        : failure;
  }

  private String advice(TrainingPlan plan) {
    List<String> leaner = new ArrayList<>();
    if (plan.recompute().contains(Recompute.NONE)) {
      with(plan, Settings.RECOMPUTE, "stage").ifPresent(leaner::add);
    }
    with(plan, Settings.MICRO_BATCHES, 2 * plan.schedule().microBatches()).ifPresent(leaner::add);
    with(plan, Settings.STAGES, 2 * plan.schedule().executors().size() / plan.replicas())
        .ifPresent(leaner::add);
    return "By the plan an executor's stages need "
        + Quantity.bytes(plan.memory())
        + " beside what the virtual machine and its libraries take"
        + (leaner.isEmpty() ? "" : ", and would need " + String.join(", ", leaner));
  }

  /** What another value of one setting would need; none where that is no less, or no plan. */
  private Optional<String> with(TrainingPlan plan, Setting<?> setting, Object value) {
    SparkConf changed = settings.clone().set(setting.key(), String.valueOf(value));
    try {
      long bytes =
          PipelineChoices.of(StagecoachConf.from(changed), hadoop, costs).byOperations().memory();
      return bytes < plan.memory()
          ? Optional.of(Quantity.bytes(bytes) + " with " + setting.key() + "=" + value)
          : Optional.empty();
    } catch (StagecoachException e) {
      return Optional.empty();
    }
  }
}
