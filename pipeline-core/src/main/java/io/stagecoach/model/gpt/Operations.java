package io.stagecoach.model.gpt;

/**
 * Floating-point operations of what is done to each element; transcendental functions count one, as
 * in the engine's cost model.
 */
final class Operations {

  /** Norm: mean 1, difference 1, square and sum 2, quotient 1, gain and bias 2. */
  static final long NORM = 7;

  /** Norm backward: gain 2, bias 1, product 1, two means 3, differences and scale 4. */
  static final long NORM_BACKWARD = 11;

  /** Tanh form of GELU: x³ term 3, inner sum and scale 2, tanh 1, outer 3. */
  static final long GELU = 9;

  /** The derivative of GELU with the factor from above. */
  static final long GELU_BACKWARD = 16;

  /** Softmax: scale 1, maximum 1, difference 1, exponential 1, sum 1, quotient 1. */
  static final long SOFTMAX = 6;

  /** Softmax backward: product and sum 2, difference 1, product 1, scale 1. */
  static final long SOFTMAX_BACKWARD = 5;

  private Operations() {}
}
