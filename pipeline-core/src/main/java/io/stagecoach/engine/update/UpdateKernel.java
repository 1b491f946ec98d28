package io.stagecoach.engine.update;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Updates weights in one walk over memory: of each piece, which stays in the nearest cache,
 * weights, gradients and state are read once and written once. Elements do not depend on one
 * another, so that stretches may be cut and ordered at will, and shared among threads. One thread
 * calls it.
 */
public final class UpdateKernel {

  private final FlatVector weights;
  private final Optional<FlatVector> state;
  private final UpdateThreads threads;

  /** One for each thread: a walk has memory of its own. */
  private final List<Walk> walks;

  /** In the thread of the caller alone. */
  public UpdateKernel(INDArray weights, Optional<INDArray> state) {
    this(weights, state, UpdateThreads.ONE);
  }

  /**
   * @param weights the live weights, dense
   * @param state the updater's live state, dense; none for updaters that keep nothing
   * @param threads who shares long stretches
   * @throws IllegalArgumentException of arrays that it does not {@linkplain #works work} on
   */
  public UpdateKernel(INDArray weights, Optional<INDArray> state, UpdateThreads threads) {
    this.weights = FlatVector.of(weights);
    this.state = state.map(FlatVector::of);
    this.threads = threads;
    boolean single = weights.dataType() == DataType.FLOAT;
    this.walks =
        Stream.generate(() -> single ? new FloatWalk() : new DoubleWalk())
            .limit(threads.count())
            .toList();
  }

  /** Whether weights are of a type, and in a memory, that the kernel works on. */
  public static boolean works(INDArray weights) {
    return FlatVector.reaches(weights);
  }

  /**
   * A stretch and what is done to it in a step.
   *
   * @param step whose vectors
   */
  public record Work(Step step, Stretch stretch, Recipe recipe) {

    private boolean isGoneOnBy(Work next) {
      return step == next.step && recipe.equals(next.recipe) && stretch.isFollowedBy(next.stretch);
    }

    private Work and(Work next) {
      return new Work(step, stretch.and(next.stretch), recipe);
    }

    private void run() {
      step.update(stretch, recipe);
    }
  }

  /**
   * Does all of it. Neighbours of which the same is to be done are walked over as one, however
   * short they are by themselves: there is more to share among threads.
   *
   * @param all in the order of the weights
   */
  public static void update(List<Work> all) {
    Work open = null;
    for (Work next : all) {
      if (open != null && open.isGoneOnBy(next)) {
        open = open.and(next);
      } else {
        if (open != null) {
          open.run();
        }
        open = next;
      }
    }
    if (open != null) {
      open.run();
    }
  }

  /** Vectors of one step, as long as the weights. */
  public final class Step {

    private final FlatVector gradients;
    private final Optional<FlatVector> updates;

    private Step(INDArray gradients, Optional<INDArray> updates) {
      this.gradients = FlatVector.of(gradients);
      this.updates = updates.map(FlatVector::of);
      if (this.gradients.length() != weights.length() || this.gradients.type() != weights.type()) {
        throw new IllegalArgumentException(
            "gradients " + gradients.shapeInfoToString() + " of " + weights.length() + " weights");
      }
    }

    /** Updates the weights of a stretch, and its state. */
    public void update(Stretch stretch, Recipe recipe) {
      if (stretch.states().size() != recipe.rule().states()) {
        throw new IllegalArgumentException(stretch + " by " + recipe.rule());
      }
      Walk.Vectors vectors = new Walk.Vectors(weights, state, gradients, updates);
      int blocks = threads.blocksOf(stretch.length());
      threads.run(
          blocks,
          (thread, block) ->
              walks
                  .get(thread)
                  .update(vectors, stretch.share(block, blocks, Walk.PIECE_BYTES), recipe));
    }
  }

  /**
   * Begins a step.
   *
   * @param gradients flat, dense; read only
   * @param updates where to note what was subtracted, dense, if anywhere
   */
  public Step step(INDArray gradients, Optional<INDArray> updates) {
    return new Step(gradients, updates);
  }
}
