package io.stagecoach.plan;

/** How many micro-batches a stage holds at once: the schedule's word, in the planner's terms. */
@FunctionalInterface
public interface StashSlots {

  /**
   * The most micro-batches in flight at a stage.
   *
   * @param stage from 0
   * @param stages how many there are
   * @return at least 1
   */
  int at(int stage, int stages);

  /** The same number at every stage: GPipe with so many micro-batches. */
  static StashSlots everywhere(int slots) {
    return (stage, stages) -> slots;
  }
}
