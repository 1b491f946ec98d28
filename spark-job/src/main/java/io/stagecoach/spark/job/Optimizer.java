package io.stagecoach.spark.job;

import io.stagecoach.model.optimizer.OptimizerSettings;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.Optional;
import java.util.OptionalDouble;

/** What the settings say of learning rate and weight decay. */
final class Optimizer {

  private Optimizer() {}

  /**
   * The settings of a run.
   *
   * @param steps how many steps it will take, unless something ends it before
   */
  static OptimizerSettings of(StagecoachConf conf, long steps) {
    return new OptimizerSettings(
        number(conf.learningRate()),
        conf.learningRateWarmupSteps(),
        conf.learningRateDecay(),
        conf.learningRateDecaySteps() > 0 ? conf.learningRateDecaySteps() : steps,
        conf.learningRateMinimum(),
        number(conf.weightDecay()));
  }

  private static OptionalDouble number(Optional<Double> value) {
    return value.map(OptionalDouble::of).orElse(OptionalDouble.empty());
  }
}
