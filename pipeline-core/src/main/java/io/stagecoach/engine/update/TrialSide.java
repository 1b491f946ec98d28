package io.stagecoach.engine.update;

import java.util.Optional;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The vectors of one side of a comparison of the kernel with ND4J: arrays of their own in the
 * host's memory.
 *
 * @param state none for updaters that keep nothing
 */
record TrialSide(INDArray weights, INDArray gradients, Optional<INDArray> state) {

  TrialSide copy() {
    return new TrialSide(weights.dup(), gradients.dup(), state.map(INDArray::dup));
  }

  /** Takes the numbers of another side of the same lengths. */
  void copyFrom(TrialSide other) {
    copy(other.weights, weights);
    copy(other.gradients, gradients);
    state.ifPresent(own -> copy(other.state.orElseThrow(), own));
  }

  /** An operation of ND4J takes many times as long for so few. */
  private static void copy(INDArray from, INDArray to) {
    Pointer.memcpy(to.data().addressPointer(), from.data().addressPointer(), bytes(to));
  }

  boolean equalsBitByBit(TrialSide other) {
    return equalsBitByBit(weights, other.weights)
        && equalsBitByBit(gradients, other.gradients)
        && state.isPresent() == other.state.isPresent()
        && (state.isEmpty() || equalsBitByBit(state.get(), other.state.get()));
  }

  private static boolean equalsBitByBit(INDArray one, INDArray other) {
    return Pointer.memcmp(one.data().addressPointer(), other.data().addressPointer(), bytes(one))
        == 0;
  }

  private static long bytes(INDArray array) {
    return array.length() * array.dataType().width();
  }

  void close() {
    weights.close();
    gradients.close();
    state.ifPresent(INDArray::close);
  }
}
