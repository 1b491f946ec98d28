package io.stagecoach.fuzz;

import java.time.Duration;
import java.util.HexFormat;
import java.util.List;

/**
 * What came of fuzzing one target.
 *
 * @param target its name
 * @param inputs how many it read
 * @param took how long that took
 * @param accepted how many it took
 * @param outcomes how many different ends there were: errors by the lines that they came from
 * @param mostHeap the most bytes on the heap that reading one input took
 * @param kept the inputs that first came to their end
 * @param defects what must not happen
 */
record FuzzReport(
    String target,
    long inputs,
    Duration took,
    long accepted,
    int outcomes,
    long mostHeap,
    List<byte[]> kept,
    List<Defect> defects) {

  /** An input in hexadecimal digits, and what it did. */
  record Defect(String what, String input) {
    static Defect of(String what, byte[] input) {
      return new Defect(what, HexFormat.of().formatHex(input));
    }
  }

  static String head() {
    return "| target | inputs | inputs/s | accepted | outcomes | most heap KiB | defects |\n"
        + "| --- | --- | --- | --- | --- | --- | --- |";
  }

  String row() {
    return String.format(
        "| %s | %,d | %,.0f | %,d | %d | %,d | %d |",
        target,
        inputs,
        inputs / Math.max(1e-9, took.toNanos() / 1e9),
        accepted,
        outcomes,
        mostHeap >> 10,
        defects.size());
  }
}
