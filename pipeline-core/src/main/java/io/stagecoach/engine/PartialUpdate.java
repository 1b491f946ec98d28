package io.stagecoach.engine;

/**
 * An update of a model's weights that is carried out part by part, in any order, so that the
 * weights of one stage can be on their way while those of another are still to be updated. Until
 * all of it is done the gradients must stay as they are. One thread calls it.
 */
public interface PartialUpdate {

  /** Nothing is left to do. */
  PartialUpdate DONE =
      new PartialUpdate() {
        @Override
        public void of(long from, long to) {}

        @Override
        public void rest() {}
      };

  /**
   * Sees to it that the weights of an interval of the flat vector are updated; does nothing where
   * they are.
   *
   * @param from the first element
   * @param to the one after the last
   */
  void of(long from, long to);

  /**
   * Updates all that is left: weights, updater state and counts are then those after the update.
   */
  void rest();
}
