package io.stagecoach.model.gpt.cpu;

import org.bytedeco.javacpp.FloatPointer;

/**
 * A matrix, row by row, inside a larger one, as BLAS takes it. It can be moved, so that a loop over
 * examples and heads makes no garbage; one product needs a panel of its own for each operand.
 */
final class Panel {

  private final FloatPointer pointer;
  private final long first;
  private final int stride;

  Panel(FloatPointer pointer, long first, int stride) {
    this.pointer = pointer;
    this.first = first;
    this.stride = stride;
    pointer.position(first);
  }

  /** Moves its first element to another row and column of the larger matrix. */
  Panel at(long row, long column) {
    pointer.position(first + row * stride + column);
    return this;
  }

  FloatPointer pointer() {
    return pointer;
  }

  int stride() {
    return stride;
  }
}
