package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.batch.Columns;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.Mode;
import io.stagecoach.schedule.ForwardOnly;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.spark.cluster.Message;
import io.stagecoach.spark.cluster.Order;
import io.stagecoach.spark.cluster.Pipeline;
import io.stagecoach.spark.cluster.ProcessMemory;
import io.stagecoach.spark.cluster.StageAddress;
import io.stagecoach.stage.StageStep;
import io.stagecoach.stage.Traffic;
import io.stagecoach.sync.GradientArrivals;
import io.stagecoach.sync.StagePart;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Groups of sequences become micro-batches of steps that generate. */
class PipelineSequencesTest {

  /** Two stages, the last of which predicts a group's number and its last tokens. */
  private static final class Recorder implements Pipeline {

    final List<Message.RunStep> steps = new ArrayList<>();
    final List<Boolean> weighted = new ArrayList<>();
    final AtomicInteger open = new AtomicInteger();
    boolean closed;
    private List<Tensors> columns = List.of();

    @Override
    public List<StageAddress> stages() {
      return List.of();
    }

    @Override
    public Map<Integer, ProcessMemory> memory() {
      return Map.of();
    }

    @Override
    public int nextAttempt(long step) {
      return 3;
    }

    @Override
    public void use(ScheduleAuthor author) {
      throw new AssertionError(author);
    }

    @Override
    public void tell(Order order) {
      steps.add(order.step());
      weighted.add(order.weights().apply(1).isPresent());
      columns = order.given();
    }

    @Override
    public void abandon() {
      throw new AssertionError("nothing has failed");
    }

    @Override
    public List<StagePart> await(GradientArrivals arrivals) {
      Map<String, INDArray> last = new LinkedHashMap<>();
      for (int group = 0; group < columns.size(); group++) {
        INDArray tokens = columns.get(group).get(Columns.FEATURES);
        INDArray predicted = Nd4j.zeros(tokens.size(0), 2);
        for (int row = 0; row < tokens.size(0); row++) {
          predicted.putScalar(row, 0, group);
          predicted.putScalar(row, 1, tokens.getInt(row, (int) tokens.size(1) - 1));
        }
        last.put("output." + group + "." + Mode.NEXT, predicted);
      }
      return List.of(part(0, Tensors.none()), part(1, Tensors.viewsOf(last, this::closeOne)));
    }

    private void closeOne() {
      open.decrementAndGet();
    }

    private StagePart part(int stage, Tensors tensors) {
      if (stage == 1) {
        open.incrementAndGet();
      }
      return new StagePart(
          new StageStep(stage, stage, 0, 0, Loss.none(), 0, 0, 0, List.of(), Traffic.none(), 0),
          tensors);
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  @Test
  void groupsAreMicroBatchesAndStateIsCarriedUntilSequencesBeginAnew() {
    Recorder pipeline = new Recorder();
    INDArray weights = Nd4j.ones(3);
    try (PipelineSequences sequences =
        new PipelineSequences(pipeline, 64, stage -> Optional.of(weights))) {
      assertThat(sequences.longestSequence()).isEqualTo(64);
      List<INDArray> first =
          sequences.next(List.of(new int[][] {{4, 5}, {6, 7}}, new int[][] {{8}}), true);
      assertThat(first.get(0)).isEqualTo(Nd4j.createFromArray(new float[][] {{0, 5}, {0, 7}}));
      assertThat(first.get(1)).isEqualTo(Nd4j.createFromArray(new float[][] {{1, 8}}));
      sequences.next(List.of(new int[][] {{1}, {2}}, new int[][] {{3}}), false);
      sequences.next(List.<int[][]>of(new int[][] {{9, 9, 9}}), true);
    }
    assertThat(pipeline.closed).isTrue();
    assertThat(pipeline.open).as("what came and was not closed").hasValue(0);
    assertThat(pipeline.weighted).containsExactly(true, false, false);
    assertThat(pipeline.steps)
        .allSatisfy(
            step -> {
              assertThat(step.schedule()).isEqualTo(new ForwardOnly().name());
              assertThat(step.context().mode()).isEqualTo(Mode.GENERATION);
              assertThat(step.context().attempt()).isEqualTo(3);
              assertThat(step.context().microBatches()).isEqualTo(step.slices().size());
            });
    assertThat(pipeline.steps)
        .extracting(step -> step.context().step())
        .containsExactly(0L, 1L, 2L);
    assertThat(pipeline.steps)
        .extracting(step -> step.context().carriesState())
        .containsExactly(false, true, false);
    assertThat(pipeline.steps.get(0).slices())
        .extracting(slice -> slice.rows())
        .containsExactly(2, 1);
  }
}
