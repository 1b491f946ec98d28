package io.stagecoach.schedule;

import io.stagecoach.batch.Blocks;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Writes for several copies of a pipeline, side by side: each has its block of the step's
 * micro-batches, and nothing passes between them.
 *
 * <p>Stages, executors and micro-batches are numbered through. Of a pipeline of S stages, replica r
 * has the stages from r · S on; its micro-batches are those of block r of {@link Blocks}. Two
 * replicas of two stages, with four micro-batches:
 *
 * <pre>
 * time     0     1     2     3     4     5
 * stage 0  F0.0  F0.1        B0.0        B0.1
 * stage 1        F1.0  B1.0  F1.1  B1.1
 * stage 2  F2.2  F2.3        B2.2        B2.3
 * stage 3        F3.2  B3.2  F3.3  B3.3
 * </pre>
 *
 * <p>Where a step has fewer micro-batches than there are replicas, some of these do nothing.
 *
 * @param pipeline writes for one of them
 * @param replicas how many there are
 */
public record Replicated(ScheduleAuthor pipeline, int replicas) implements ScheduleAuthor {

  public Replicated {
    if (replicas < 1) {
      throw new IllegalArgumentException(replicas + " replicas");
    }
  }

  /** How one replica's list of actions comes about. */
  private interface OfOne {
    List<List<Action>> lists(PipelineShape shape);
  }

  @Override
  public String name() {
    return pipeline.name();
  }

  @Override
  public Passes passes() {
    return pipeline.passes();
  }

  @Override
  public List<List<Action>> compute(PipelineShape shape) {
    return sideBySide(shape, pipeline::compute);
  }

  /** Lowered replica by replica: the last stage of one and the first of the next are no link. */
  @Override
  public Schedule schedule(PipelineShape shape) {
    return new Schedule(
        name(),
        shape.stages(),
        shape.microBatches(),
        passes(),
        sideBySide(shape, one -> pipeline.schedule(one).executors()));
  }

  private List<List<Action>> sideBySide(PipelineShape shape, OfOne ofOne) {
    int stages = stagesOfOne(shape);
    Blocks blocks = new Blocks(shape.microBatches(), replicas);
    List<List<Action>> all = new ArrayList<>();
    for (int replica = 0; replica < replicas; replica++) {
      int microBatches = blocks.size(replica);
      if (microBatches == 0) {
        for (int e = 0; e < stages / shape.chunks(); e++) {
          all.add(List.of());
        }
        continue;
      }
      int stage = replica * stages;
      int microBatch = blocks.first(replica);
      PipelineShape one = new PipelineShape(stages, microBatches, shape.chunks());
      for (List<Action> actions : ofOne.lists(one)) {
        all.add(actions.stream().map(a -> a.shifted(stage, microBatch)).toList());
      }
    }
    return all;
  }

  /**
   * The pipeline of the replica that has most micro-batches.
   *
   * @throws IllegalArgumentException where the stages cannot be shared out to the replicas
   */
  public PipelineShape longest(PipelineShape shape) {
    return new PipelineShape(
        stagesOfOne(shape), new Blocks(shape.microBatches(), replicas).longest(), shape.chunks());
  }

  private int stagesOfOne(PipelineShape shape) {
    if (shape.stages() % (replicas * shape.chunks()) != 0) {
      throw new IllegalArgumentException(
          shape.stages() + " stages, " + replicas + " replicas, " + shape.chunks() + " chunks");
    }
    return shape.stages() / replicas;
  }

  @Override
  public Replicated tunedTo(StageCosts costs) {
    ScheduleAuthor tuned = pipeline.tunedTo(costs.ofOne(replicas));
    return tuned.equals(pipeline) ? this : new Replicated(tuned, replicas);
  }

  @Override
  public OptionalDouble closedFormBubble(PipelineShape shape) {
    return pipeline.closedFormBubble(longest(shape));
  }
}
