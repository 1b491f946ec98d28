package io.stagecoach.engine.dl4j;

import io.stagecoach.engine.StateLayout.Place;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Takes the state of one updater of a network over to another of the same types, parameter by
 * parameter. DL4J keeps state in blocks of neighbouring parameters whose updaters are equal, so
 * that the place of a parameter's state changes when learning rates become equal or different.
 */
final class UpdaterStates {

  private UpdaterStates() {}

  static void copy(BaseMultiLayerUpdater<?> from, BaseMultiLayerUpdater<?> to) {
    for (UpdaterBlock target : to.getUpdaterBlocks()) {
      for (UpdaterBlock source : from.getUpdaterBlocks()) {
        long first = Math.max(target.getParamOffsetStart(), source.getParamOffsetStart());
        long end = Math.min(target.getParamOffsetEnd(), source.getParamOffsetEnd());
        if (first < end) {
          copy(from.getStateViewArray(), source, to.getStateViewArray(), target, first, end);
        }
      }
    }
  }

  /**
   * Where the state of each parameter is, by parameter and kind of value.
   *
   * @param weights where the parameters themselves are
   */
  static List<Place> places(BaseMultiLayerUpdater<?> updater, List<Place> weights) {
    List<Place> places = new ArrayList<>();
    if (updater.getStateViewArray() == null) {
      return places;
    }
    for (UpdaterBlock block : updater.getUpdaterBlocks()) {
      if (parameters(block) == 0) {
        continue;
      }
      long kinds = length(block) / parameters(block);
      for (Place weight : weights) {
        boolean inside =
            weight.offset() >= block.getParamOffsetStart()
                && weight.offset() < block.getParamOffsetEnd();
        for (long kind = 0; inside && kind < kinds; kind++) {
          places.add(
              new Place(
                  weight.name() + "." + kind,
                  start(block, kind, weight.offset()),
                  weight.shape(),
                  weight.order()));
        }
      }
    }
    return places;
  }

  /** A block's state is several values for each parameter, one kind of value behind another. */
  private static void copy(
      INDArray from, UpdaterBlock source, INDArray to, UpdaterBlock target, long first, long end) {
    long kinds = length(source) / parameters(source);
    for (long kind = 0; kind < kinds; kind++) {
      part(to, target, kind, first, end).assign(part(from, source, kind, first, end));
    }
  }

  private static INDArray part(
      INDArray state, UpdaterBlock block, long kind, long first, long end) {
    long start = start(block, kind, first);
    return state.reshape(state.length()).get(NDArrayIndex.interval(start, start + end - first));
  }

  private static long start(UpdaterBlock block, long kind, long first) {
    return block.getUpdaterViewOffsetStart()
        + kind * parameters(block)
        + first
        - block.getParamOffsetStart();
  }

  private static long parameters(UpdaterBlock block) {
    return (long) block.getParamOffsetEnd() - block.getParamOffsetStart();
  }

  private static long length(UpdaterBlock block) {
    return (long) block.getUpdaterViewOffsetEnd() - block.getUpdaterViewOffsetStart();
  }
}
