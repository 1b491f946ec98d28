package io.stagecoach.spark.cluster;

import io.stagecoach.sync.SliceUpdater;
import io.stagecoach.sync.StepDecision;
import io.stagecoach.sync.TiedUse;
import io.stagecoach.tensor.Tensors;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The driver's end of stages that keep their own weights and updater state. One thread calls it.
 */
public interface StageSlices {

  /**
   * Has all stages keep their own; none has any yet. Where there are several executors, each
   * mirrors the slices of the one before it.
   *
   * @param run the same for all stages that follow each other in a run
   * @param ties which parameters of which stages are used by others
   */
  void keep(UUID run, List<TiedUse> ties);

  /**
   * Asks for what the stages of this run before these have left in their processes, on whatever
   * executors there are now; to be called before {@link #keep}.
   *
   * @param wanted the stages, those with parameters of their own
   * @param updates how many updates it must have seen
   * @param last the run's last decision, which one may not have followed yet
   * @return what there is, by stage, for the caller to close; less than was wanted where all who
   *     had it were lost
   */
  Map<Integer, SliceState> recover(
      UUID run, List<Integer> wanted, long updates, Optional<StepDecision> last);

  /**
   * Gives a stage, and its mirror, what they go on from.
   *
   * @param updates how many updates it has seen
   * @param state lent until the stages have answered anything else
   */
  void give(int stage, long updates, SliceState state);

  /** Has all stages follow a decision. Who cannot be told is found to be lost at the next wait. */
  void follow(StepDecision decision);

  /**
   * Asks stages for what they have.
   *
   * @param wanted the stages, those with parameters of their own
   * @param updates how many updates it must have seen
   * @return of each of them, for the caller to close
   * @throws io.stagecoach.error.StagecoachException where one fails, or does not answer in time
   */
  Map<Integer, SliceState> gather(List<Integer> wanted, long updates);

  /**
   * Weights and updater state of a stage's own parameters, by name.
   *
   * @param weights the weights
   * @param updater what the updater keeps of each
   */
  record SliceState(Tensors weights, Tensors updater) implements AutoCloseable {

    private static final String WEIGHTS = "weights.";
    private static final String UPDATER = "updater.";

    /** What a slice has: live views. */
    static SliceState of(SliceUpdater slice) {
      return new SliceState(slice.weightTensors(), slice.stateTensors());
    }

    /** As they travel: views, lent as long as this is. */
    Tensors pack() {
      return Tensors.viewsOf(Prefixed.of(WEIGHTS, weights), () -> {})
          .and(Tensors.viewsOf(Prefixed.of(UPDATER, updater), () -> {}));
    }

    /** What {@link #pack} gave; owns it. */
    static SliceState unpack(Tensors packed) {
      return new SliceState(
          Tensors.viewsOf(packed.under(WEIGHTS), packed::close),
          Tensors.viewsOf(packed.under(UPDATER), () -> {}));
    }

    @Override
    public void close() {
      try (weights;
          updater) {
        // Both, even if one fails.
      }
    }
  }
}
