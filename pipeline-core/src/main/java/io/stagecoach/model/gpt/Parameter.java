package io.stagecoach.model.gpt;

import java.util.Arrays;
import java.util.List;

/**
 * A parameter of a layer, and what it starts from.
 *
 * @param name its name in the layer
 * @param deviation standard deviation of the normal distribution that it is drawn from; 0 for a
 *     constant
 * @param constant the mean
 * @param shape in c order
 */
record Parameter(String name, double deviation, double constant, List<Long> shape) {

  /** A weight from N(0, deviation²). */
  static Parameter weight(String name, double deviation, long... shape) {
    return new Parameter(name, deviation, 0, Arrays.stream(shape).boxed().toList());
  }

  /** A gain of a norm. */
  static Parameter gain(String name, long length) {
    return new Parameter(name, 0, 1, List.of(length));
  }

  /** A bias. */
  static Parameter bias(String name, long length) {
    return new Parameter(name, 0, 0, List.of(length));
  }

  /** How many numbers it is. */
  long length() {
    return shape.stream().reduce(1L, (a, b) -> a * b);
  }

  /** The shape as ND4J takes it. */
  long[] dimensions() {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }

  /** Whether it is a weight, which weight decay applies to, and not a gain or a bias. */
  boolean isWeight() {
    return shape.size() > 1;
  }
}
