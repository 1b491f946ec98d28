package io.stagecoach.fuzz;

import java.util.List;

/** Something that reads what others wrote. */
public interface FuzzTarget {

  /** What it is, in a word or two. */
  String name();

  /** Inputs that it accepts, to begin with. */
  List<byte[]> seeds();

  /** Texts that its inputs are made of. */
  default List<String> words() {
    return List.of();
  }

  /**
   * Reads an input, and checks what it takes of it.
   *
   * @throws Exception as the reader's contract says, and whatever a defect throws
   */
  void read(byte[] input) throws Exception;

  /** Whether the contract of the reader, beside typed errors, allows this exception. */
  default boolean allows(Throwable thrown) {
    return false;
  }

  /** The input with right checksums, so that not all changed ones end there. */
  default byte[] summed(byte[] input) {
    return input;
  }

  /** How much longer one input takes than most targets': a run has so many times fewer. */
  default int cost() {
    return 1;
  }

  /** The most bytes on the heap that reading so many may take. */
  default long heapLimit(int inputBytes) {
    return (1 << 20) + 1000L * inputBytes;
  }
}
