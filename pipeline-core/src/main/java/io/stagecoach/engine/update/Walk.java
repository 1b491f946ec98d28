package io.stagecoach.engine.update;

import java.util.Optional;

/** The walk over a stretch in one type of numbers. */
interface Walk {

  /**
   * Elements in a piece. Weights, gradients, state and their copies on the heap must all fit the
   * nearest cache beside one another: of 256, 512 and 1,024 the first was fastest.
   */
  int PIECE = 256;

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
