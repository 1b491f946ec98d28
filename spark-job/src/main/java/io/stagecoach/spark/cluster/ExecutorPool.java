package io.stagecoach.spark.cluster;

import java.time.Duration;
import java.util.Optional;

/** The application's executors, as far as a run that has lost one has to do with them. */
public interface ExecutorPool {

  /**
   * Whether an executor is about to end by its cluster's wish, and will be given nothing to do any
   * more.
   *
   * @param executor Spark's id of it
   */
  boolean isLeaving(String executor);

  /**
   * Sees to it that an executor is gone and replaced: asks the cluster manager to end it where it
   * has not ended by itself, and waits until it is not counted any more.
   *
   * @param executor Spark's id of it
   */
  void replace(String executor);

  /** How many there are now, but for those that are about to leave. */
  int count();

  /**
   * Waits for executors, and for such as {@link #unfit} has nothing to say of; those that are about
   * to leave do not count.
   *
   * @param wanted how many
   * @param deadline how long, at most
   * @return how many there are; fewer than wanted where the cluster did not give more in time
   */
  int await(int wanted, Duration deadline);

  /** From now on others are to be placed: who may have their places. */
  default void seat(SeatPins pins) {}

  /**
   * Why so many executors cannot have the places of what is to be placed on them, where these are
   * for executors of certain hosts: a sentence without its end. Empty where they can.
   */
  default Optional<String> unfit(int executors) {
    return Optional.empty();
  }

  /**
   * Whether so many executors can have the places of what is placed on fewer now, by what is known
   * of them: they cannot be asked while something runs on all they have.
   */
  default boolean isKnownToFit(int executors) {
    return true;
  }
}
