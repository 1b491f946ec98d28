package io.stagecoach.engine.update;

import java.util.Optional;

/** The walk over a stretch in one type of numbers. */
interface Walk {

  /**
   * Bytes of a vector in a piece. Weights, gradients, state and their copies on the heap must all
   * fit the nearest cache beside one another. Of 1 KiB to 8 KiB this was as fast as any for Adam,
   * and for SGD faster by a sixth than the shortest; from 4 KiB on both took a third longer.
   */
  int PIECE_BYTES = 1_792;

  /** The most values that an updater keeps of a parameter. */
  int STATES = 3;

  /** All that is read and written. */
  record Vectors(
      FlatVector weights,
      Optional<FlatVector> state,
      FlatVector gradients,
      Optional<FlatVector> updates) {}

  /** Updates a stretch. */
  void update(Vectors vectors, Stretch stretch, Recipe recipe);
}
