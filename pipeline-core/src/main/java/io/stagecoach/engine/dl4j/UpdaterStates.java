package io.stagecoach.engine.dl4j;

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
    long start =
        block.getUpdaterViewOffsetStart()
            + kind * parameters(block)
            + first
            - block.getParamOffsetStart();
    return state.reshape(state.length()).get(NDArrayIndex.interval(start, start + end - first));
  }

  private static long parameters(UpdaterBlock block) {
    return (long) block.getParamOffsetEnd() - block.getParamOffsetStart();
  }

  private static long length(UpdaterBlock block) {
    return (long) block.getUpdaterViewOffsetEnd() - block.getUpdaterViewOffsetStart();
  }
}
