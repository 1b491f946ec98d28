package io.stagecoach.spark.job;

import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.text.SequenceModel;
import io.stagecoach.spark.cluster.ExecutorRecovery;
import io.stagecoach.spark.cluster.StageAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model that goes on with texts when its executors are lost. What each stage remembers of the
 * texts is lost with them; it is told again what it was told since the texts began, in the same
 * portions, so that the numbers, and the tokens drawn by them, are what they would have been.
 */
final class LastingSequences implements SequenceModel {

  private static final Logger LOG = LoggerFactory.getLogger(LastingSequences.class);

  private final IntFunction<PlacedSequences> launcher;
  private final ExecutorRecovery recovery;
  private final List<List<int[][]>> told = new ArrayList<>();
  private PlacedSequences current;

  /**
   * @param launcher places the model on so many executors
   * @param executors how many it begins with
   */
  LastingSequences(
      IntFunction<PlacedSequences> launcher, ExecutorRecovery recovery, int executors) {
    this.launcher = launcher;
    this.recovery = recovery;
    this.current = recovery.begin(() -> launcher.apply(executors));
  }

  @Override
  public List<INDArray> next(List<int[][]> tokens, boolean fresh) {
    if (fresh) {
      told.clear();
    }
    told.add(tokens);
    try {
      return current.next(tokens, fresh);
    } catch (StagecoachException e) {
      return again(e);
    }
  }

  private List<INDArray> again(StagecoachException failure) {
    StagecoachException cause = failure;
    while (true) {
      recovery.spend(cause);
      LOG.warn("{}", cause.what());
      List<StageAddress> stages = current.stages();
      current.abandon();
      int there = recovery.replace(cause, stages);
      try {
        current = launcher.apply(there);
        List<INDArray> predicted = tellAgain();
        recovery.ended();
        LOG.warn("The texts under way go on, on {} executors", there);
        return predicted;
      } catch (StagecoachException e) {
        cause = e;
      }
    }
  }

  private List<INDArray> tellAgain() {
    int last = told.size() - 1;
    for (int i = 0; i < last; i++) {
      current.next(told.get(i), i == 0).forEach(INDArray::close);
    }
    return current.next(told.get(last), last == 0);
  }

  @Override
  public int longestSequence() {
    return current.longestSequence();
  }

  @Override
  public void close() {
    current.close();
  }
}
