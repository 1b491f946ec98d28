package io.stagecoach.engine.update;

/**
 * How an updater makes of a gradient what is subtracted from the weights, element by element, at
 * one step. Constants are rounded to the elements' type first, and operations follow one another,
 * as in ND4J's operation of the same name.
 */
public sealed interface Rule
    permits GradientRule,
        SgdRule,
        NesterovsRule,
        AdamRule,
        AmsGradRule,
        AdaMaxRule,
        NadamRule,
        AdaDeltaRule,
        SquaresRule {

  /** How many values the updater keeps of each parameter. */
  int states();

  /** Whether it depends on how many updates there were, beside what schedules make of that. */
  boolean countsUpdates();

  /**
   * Makes updates of a piece's gradients, in place.
   *
   * @param gradient becomes the update
   * @param state what the updater keeps, one array for each of its values; changed
   * @param length how many elements of each array count
   */
  void apply(float[] gradient, float[][] state, int length);

  /** The same in 64 bits. */
  void apply(double[] gradient, double[][] state, int length);
}
