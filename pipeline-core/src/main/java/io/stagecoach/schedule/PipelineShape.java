package io.stagecoach.schedule;

/**
 * All that a schedule depends on. Stage {@code s} belongs to executor {@code s mod executors}, so
 * that with several chunks the pipeline goes round the executors.
 *
 * @param stages how many stages there are, at least 1
 * @param microBatches how many micro-batches make a step, at least 1
 * @param chunks how many stages each executor has; 1 unless the schedule interleaves; divides the
 *     number of stages
 */
public record PipelineShape(int stages, int microBatches, int chunks) {

  public PipelineShape {
    if (stages < 1 || microBatches < 1 || chunks < 1 || stages % chunks != 0) {
      throw new IllegalArgumentException(
          stages + " stages, " + microBatches + " micro-batches, " + chunks + " chunks");
    }
  }

  /** One stage on each executor. */
  public PipelineShape(int stages, int microBatches) {
    this(stages, microBatches, 1);
  }

  /** How many executors there are. */
  public int executors() {
    return stages / chunks;
  }
}
