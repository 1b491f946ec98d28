package io.stagecoach.spark.cluster;

import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.sync.GradientArrivals;
import io.stagecoach.sync.StagePart;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.IntFunction;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The stages at work on their executors, seen from the driver: placed once, then told step by step.
 * One thread drives it.
 */
public interface Pipeline extends AutoCloseable {

  /**
   * Waits for executors, places the stages on them, and waits until all are built and can reach
   * each other.
   *
   * @throws io.stagecoach.error.StagecoachException CLUSTER where there are fewer executors than
   *     the pipeline needs, DEADLINE where one does not answer, or whatever a stage fails with
   */
  static Pipeline launch(PipelineSpec spec) {
    return launch(spec, UUID.randomUUID());
  }

  /**
   * Launches one that may take the place of another.
   *
   * @param run the same for those that follow each other: what is left of one is closed by the next
   */
  static Pipeline launch(PipelineSpec spec, UUID run) {
    return Seats.free().launch(spec, run);
  }

  /** Where each stage lives. */
  List<StageAddress> stages();

  /** The most memory that each stage's process has used so far, as far as it has said. */
  Map<Integer, ProcessMemory> memory();

  /**
   * The attempt by which the next order for this step goes: every order is told apart by step and
   * attempt, so that nothing of an earlier one is taken for this one's.
   *
   * @param step a step; never one before the last that was asked for
   */
  int nextAttempt(long step);

  /**
   * Has another author write the schedules of its name, from the next step on. They must get by
   * with the slots that the stages were built with.
   */
  void use(ScheduleAuthor author);

  /** Tells all stages to run a step. */
  void tell(Order order);

  /**
   * As {@link #await(GradientArrivals)}, for whoever has nothing to do meanwhile and needs no
   * gradients.
   */
  default List<StagePart> await() {
    return await(GradientArrivals.NONE);
  }

  /**
   * Waits until all stages are done with the step that they were told.
   *
   * @param arrivals hears of gradients, and of what a stage did, when they have come, while others
   *     are still at it: those of each stage, of the try that succeeds after those of tries that
   *     fail; on the caller's thread
   * @return what each stage did, in stage order, for the caller to close
   */
  List<StagePart> await(GradientArrivals arrivals);

  /**
   * The stages' own weights, where they are to keep these.
   *
   * @throws UnsupportedOperationException where they cannot
   */
  default StageSlices slices() {
    throw new UnsupportedOperationException("these stages keep no weights");
  }

  /** Tells all stages to run a step, and waits. */
  default List<StagePart> run(Message.RunStep step, IntFunction<Optional<INDArray>> weights) {
    tell(Order.of(step, weights));
    return await();
  }

  /** Ends it in a hurry, after a failure: waits for no stage that does not answer. */
  void abandon();

  @Override
  void close();
}
