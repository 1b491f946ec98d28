package io.stagecoach.benchmarks;

/**
 * What every stage of a made-up model takes.
 *
 * @param forwardNanos a forward pass of one micro-batch
 * @param inputNanos the first half of its backward pass
 * @param weightsNanos the second half
 * @param hopFloats how many numbers cross a cut
 */
record TimedModel(long forwardNanos, long inputNanos, long weightsNanos, int hopFloats) {

  long backwardNanos() {
    return inputNanos + weightsNanos;
  }

  String text() {
    return forwardNanos + " " + inputNanos + " " + weightsNanos + " " + hopFloats;
  }

  static TimedModel parse(String text) {
    String[] words = text.split(" ", -1);
    return new TimedModel(
        Long.parseLong(words[0]),
        Long.parseLong(words[1]),
        Long.parseLong(words[2]),
        Integer.parseInt(words[3]));
  }
}
