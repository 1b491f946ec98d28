package io.stagecoach.model.optimizer;

import java.util.OptionalDouble;

/**
 * What is set of learning rate and weight decay, in the place of what a model has.
 *
 * @param learningRate the rate, the largest where it changes; empty for the model's own
 * @param warmupSteps how many steps it rises; 0 for none
 * @param decay how it falls afterwards
 * @param decaySteps after how many steps, the warm-up among them, it is at its minimum
 * @param minimum the rate from there on
 * @param weightDecay the share of a weight, times the learning rate, that each step takes from it;
 *     biases and norms keep theirs. Empty for the model's own
 */
public record OptimizerSettings(
    OptionalDouble learningRate,
    long warmupSteps,
    LearningRateDecay decay,
    long decaySteps,
    double minimum,
    OptionalDouble weightDecay) {

  /** Whether the rate changes with the steps, as far as these settings say. */
  public boolean isScheduled() {
    return warmupSteps > 0 || decay != LearningRateDecay.NONE;
  }

  /** Whether anything is set. */
  public boolean isEmpty() {
    return learningRate.isEmpty() && !isScheduled() && weightDecay.isEmpty();
  }

  /**
   * The schedule.
   *
   * @param peak the largest rate
   * @param firstStep the iteration at which it begins
   */
  public WarmupSchedule schedule(double peak, long firstStep) {
    return new WarmupSchedule(peak, firstStep, warmupSteps, decay, decaySteps, minimum);
  }
}
