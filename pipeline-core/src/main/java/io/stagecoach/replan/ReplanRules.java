package io.stagecoach.replan;

/**
 * When another cut is worth it.
 *
 * @param leastGain the least share of a step's time that it must save
 * @param repaySteps within how many steps it must have saved the time that it takes
 * @param perHour how often in any hour, at most
 */
public record ReplanRules(double leastGain, long repaySteps, int perHour) {

  public ReplanRules {
    if (!(leastGain >= 0) || repaySteps < 1 || perHour < 0) {
      throw new IllegalArgumentException(
          leastGain + ", " + repaySteps + " steps, " + perHour + " an hour");
    }
  }
}
