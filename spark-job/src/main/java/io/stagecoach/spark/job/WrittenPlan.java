package io.stagecoach.spark.job;

import io.stagecoach.engine.Recompute;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.spark.config.OrAuto;
import io.stagecoach.spark.config.PlanFile;
import io.stagecoach.spark.config.Setting;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A run's plan as a file from which another run goes the same way. */
final class WrittenPlan {

  /** The name of the plan in an output directory. */
  static final String FILE = "plan.json";

  /** The name of the plan that a run ended with, where it is another one. */
  static final String LAST = "plan-last.json";

  private WrittenPlan() {}

  /**
   * The text of the file. What the run chose is in it as if it had been told; hosts are only where
   * they are pinned.
   */
  static String of(StagecoachConf conf, TrainingPlan plan) {
    Map<Setting<?>, String> values = new LinkedHashMap<>();
    values.put(Settings.STAGES, String.valueOf(conf.stages()));
    values.put(Settings.REPLICAS, String.valueOf(plan.replicas()));
    values.put(Settings.GRADIENT_BLOCKS, String.valueOf(plan.blocks()));
    values.put(Settings.CHUNKS, String.valueOf(conf.chunks()));
    values.put(Settings.MICRO_BATCHES, String.valueOf(plan.schedule().microBatches()));
    if (conf.scheduleFile().isPresent()) {
      values.put(Settings.SCHEDULE_FILE, conf.scheduleFile().get());
    } else {
      values.put(Settings.SCHEDULE, plan.author().name());
    }
    List<Recompute> recompute = plan.recompute();
    values.put(
        Settings.RECOMPUTE,
        Settings.RECOMPUTE
            .type()
            .format(
                OrAuto.of(
                    recompute.stream().distinct().count() == 1
                        ? recompute.subList(0, 1)
                        : recompute)));
    values.put(
        Settings.CUT,
        plan.plan().stages().stream()
            .map(PlannedStage::firstLayer)
            .map(String::valueOf)
            .collect(Collectors.joining(",")));
    if (!conf.pinStages().isEmpty()) {
      values.put(Settings.PIN_STAGES, conf.format(Settings.PIN_STAGES));
    }
    if (!conf.memoryLimit().isNone()) {
      values.put(Settings.MEMORY_LIMIT, conf.format(Settings.MEMORY_LIMIT));
    }
    return PlanFile.write(values);
  }
}
