package io.stagecoach.spark.data;

import java.util.Arrays;

/**
 * Sequences of different lengths in arrays of one: behind a sequence's own steps there are zeros,
 * and a mask says which steps are its own.
 *
 * @param size how many numbers there are for each step, one after the other, each with all steps
 * @param time how many steps the longest sequence has
 */
record Padding(int size, int time) {

  /** Whether so many numbers are whole steps, and not too many of them. */
  boolean takes(int numbers) {
    return numbers > 0 && numbers % size == 0 && numbers / size <= time;
  }

  /** How many steps so many numbers are. */
  int steps(int numbers) {
    return numbers / size;
  }

  /**
   * A sequence with zeros behind.
   *
   * @param own {@code [size, steps]}
   * @return {@code [size, time]}
   */
  double[] padded(double[] own) {
    int steps = steps(own.length);
    double[] padded = new double[size * time];
    for (int i = 0; i < size; i++) {
      System.arraycopy(own, i * steps, padded, i * time, steps);
    }
    return padded;
  }

  /**
   * The mask of so many steps: one for each of them, zeros behind.
   *
   * @return {@code [time]}
   */
  double[] mask(int steps) {
    double[] mask = new double[time];
    Arrays.fill(mask, 0, steps, 1);
    return mask;
  }

  /**
   * Makes zeros of what scaling made of the zeros.
   *
   * @param examples {@code [rows, size, time]}
   * @param masks {@code [rows, time]}
   */
  void clear(double[] examples, double[] masks) {
    for (int i = 0; i < examples.length; i++) {
      int row = i / (size * time);
      if (masks[row * time + i % time] == 0) {
        examples[i] = 0;
      }
    }
  }
}
