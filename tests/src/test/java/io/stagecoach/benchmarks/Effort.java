package io.stagecoach.benchmarks;

/**
 * How much is measured.
 *
 * @param rounds how often both sides take their turn
 * @param warmUpSteps steps of each kind before the first round
 * @param steps steps of each kind in a round
 * @param shortSteps steps of nearly no compute
 */
record Effort(int rounds, int warmUpSteps, int steps, int shortSteps) {

  /** For figures that are written down. */
  static final Effort FULL = new Effort(3, 3, 5, 3000);

  /** To see that it runs. */
  static final Effort TRIAL = new Effort(2, 1, 2, 1000);

  static Effort named(String name) {
    return switch (name) {
      case "full" -> FULL;
      case "trial" -> TRIAL;
      default -> throw new IllegalArgumentException("'" + name + "' is neither full nor trial");
    };
  }
}
