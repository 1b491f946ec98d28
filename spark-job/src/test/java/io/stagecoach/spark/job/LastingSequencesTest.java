package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.cluster.ExecutorPool;
import io.stagecoach.spark.cluster.ExecutorRecovery;
import io.stagecoach.spark.cluster.Recovery;
import io.stagecoach.spark.cluster.StageAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What becomes of texts when executors fail, against a model that predicts the sum it remembers.
 */
class LastingSequencesTest {

  private final Set<Integer> failingCalls = new TreeSet<>();
  private final List<String> events = new ArrayList<>();
  private StagecoachException failure =
      new StagecoachException(
          ErrorKind.EXECUTOR_LOST, "executor e1 is lost", Where.stage(1), "", null);
  private int calls;

  /** Predicts, for its only sequence, the sum of the tokens that it was given since it began. */
  private final class Summing implements PlacedSequences {

    private int sum;

    @Override
    public List<INDArray> next(List<int[][]> tokens, boolean fresh) {
      if (failingCalls.contains(calls++)) {
        throw failure;
      }
      sum = fresh ? 0 : sum;
      for (int token : tokens.get(0)[0]) {
        sum = 31 * sum + token;
      }
      return List.of(Nd4j.createFromArray(sum).reshape(1, 1));
    }

    @Override
    public List<StageAddress> stages() {
      return List.of(StageAddress.of(0, "e0", "here", 1), StageAddress.of(1, "e1", "here", 1));
    }

    @Override
    public void abandon() {
      events.add("abandon");
    }

    @Override
    public int longestSequence() {
      return 7;
    }

    @Override
    public void close() {
      events.add("close");
    }
  }

  private LastingSequences sequences(int attempts) {
    ExecutorPool pool =
        new ExecutorPool() {
          @Override
          public boolean isLeaving(String executor) {
            return false;
          }

          @Override
          public void replace(String executor) {
            events.add("replace " + executor);
          }

          @Override
          public int count() {
            return 2;
          }

          @Override
          public int await(int wanted, Duration deadline) {
            return wanted;
          }
        };
    return new LastingSequences(
        executors -> {
          events.add("launch " + executors);
          return new Summing();
        },
        new ExecutorRecovery(pool, 2, new Recovery(attempts, 9, Duration.ofSeconds(1), 2), () -> 0),
        2);
  }

  private static int next(LastingSequences model, boolean fresh, int... tokens) {
    List<INDArray> predicted = model.next(List.<int[][]>of(new int[][] {tokens}), fresh);
    try {
      return predicted.get(0).getInt(0);
    } finally {
      predicted.forEach(INDArray::close);
    }
  }

  private List<Integer> story() {
    List<Integer> predicted = new ArrayList<>();
    try (LastingSequences model = sequences(3)) {
      predicted.add(next(model, true, 5, 6));
      predicted.add(next(model, false, 1));
      predicted.add(next(model, true, 9));
      predicted.add(next(model, false, 2));
      predicted.add(next(model, false, 3));
    }
    return predicted;
  }

  @Test
  void thePredictionsAreThoseOfAnUndisturbedRun() {
    List<Integer> undisturbed = story();
    for (Set<Integer> failing :
        List.of(Set.of(0), Set.of(1), Set.of(2), Set.of(4), Set.of(4, 5), Set.of(1, 2, 6))) {
      calls = 0;
      failingCalls.clear();
      failingCalls.addAll(failing);
      assertThat(story()).as("%s fail", failing).isEqualTo(undisturbed);
    }
  }

  @Test
  void theExecutorToBlameIsReplacedOnceNothingRunsOnIt() {
    failingCalls.add(1);
    try (LastingSequences model = sequences(3)) {
      next(model, true, 5);
      next(model, false, 1);
    }
    assertThat(events).containsExactly("launch 2", "abandon", "replace e1", "launch 2", "close");
  }

  @Test
  void whatTheClusterHasNoPartInIsNotTriedAgain() {
    failure =
        new StagecoachException(
            ErrorKind.NUMERIC, "predicts nothing", Where.nowhere(), "train", null);
    failingCalls.add(0);
    LastingSequences model = sequences(3);
    assertThatThrownBy(() -> next(model, true, 5)).isSameAs(failure);
    assertThat(events).containsExactly("launch 2");
  }

  @Test
  void afterTheLastAttemptTheFirstCauseIsTheEnd() {
    failingCalls.addAll(Set.of(0, 1, 2));
    LastingSequences model = sequences(2);
    assertThatThrownBy(() -> next(model, true, 5))
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining("executor e1 is lost")
        .hasMessageContaining("tried 3 times");
  }
}
