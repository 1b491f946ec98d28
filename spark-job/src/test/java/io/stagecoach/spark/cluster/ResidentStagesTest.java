package io.stagecoach.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.batch.MicroBatchSource;
import io.stagecoach.batch.Slice;
import io.stagecoach.batch.Slice.Split;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.engine.dl4j.Batches;
import io.stagecoach.engine.dl4j.Dl4jStageModule;
import io.stagecoach.engine.dl4j.Networks;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.schedule.Action;
import io.stagecoach.stage.HostedStage;
import io.stagecoach.tensor.WireType;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Tasks that come twice, late or out of turn change nothing. */
class ResidentStagesTest {

  private static final TickTask.Sent NOTHING =
      new TickTask.Sent(SentBytes.none(), SentBytes.none(), List.of());

  private static final List<Action> FIRST = List.of(new Action.Forward(0, 0));
  private static final List<Action> SECOND =
      List.of(new Action.Forward(0, 1), new Action.Backward(0, 0), new Action.Backward(0, 1));
  private static final List<Action> ALL = Stream.concat(FIRST.stream(), SECOND.stream()).toList();
  private static final List<StepPart> BEGINNING =
      List.of(StepPart.FOLLOW, StepPart.BEGIN, StepPart.PASS);
  private static final List<StepPart> ENDING = List.of(StepPart.PASS, StepPart.END);
  private static final List<Slice> SLICES =
      List.of(Slice.of(Split.TRAINING, 0, 0, 4), Slice.of(Split.TRAINING, 0, 4, 4));

  private final UUID run = UUID.randomUUID();
  private StageModule module;
  private ResidentStages stages;

  @BeforeEach
  void open() {
    ResidentStages.open(
        run,
        0,
        1 << 20,
        WireType.FLOAT32,
        () -> {
          module =
              new Dl4jStageModule(new StageSpec(Networks.mlp(), 0, 1, 0, 5, 2, Recompute.NONE, 1));
          module.setParameters(Batches.uniform(4, module.parameterLayout().length()));
          MicroBatchSource source =
              (slice, columns) -> Batches.vectors(slice.firstRow(), slice.rows(), 8, 3);
          return List.of(new HostedStage(0, module, source));
        });
    stages = ResidentStages.of(run, 0);
  }

  @AfterEach
  void close() {
    ResidentStages.close(run);
    assertThatThrownBy(() -> ResidentStages.of(run, 0))
        .isInstanceOfSatisfying(
            StagecoachException.class,
            e -> assertThat(e.kind()).isEqualTo(ErrorKind.EXECUTOR_LOST));
  }

  private static StepContext step(long step, int attempt) {
    return new StepContext(step, attempt, 0, 2, Mode.TRAINING, false);
  }

  private INDArray gradients(StepContext context) {
    stages.begin(context, ALL, SLICES, NOTHING);
    stages.tick(context, 0, List.of(), BEGINNING, FIRST);
    stages.tick(context, 1, List.of(), ENDING, SECOND);
    assertThat(stages.results()).hasSize(2);
    return module.gradients().flat().dup();
  }

  private static void assertStale(Runnable task) {
    assertThatThrownBy(task::run)
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining("late or out of turn");
  }

  @Test
  void anAttemptAfterAnAbandonedOneHasItsOwnGradientsOnly() {
    INDArray expected = gradients(step(3, 0));
    stages.begin(step(3, 1), ALL, SLICES, NOTHING);
    stages.tick(step(3, 1), 0, List.of(), BEGINNING, FIRST);
    assertThat(gradients(step(3, 2))).isEqualTo(expected);
  }

  @Test
  void aTickHappensOnce() {
    StepContext now = step(3, 0);
    stages.begin(now, ALL, SLICES, NOTHING);
    stages.tick(now, 0, List.of(), BEGINNING, FIRST);
    assertStale(() -> stages.tick(now, 0, List.of(), BEGINNING, FIRST));
    assertStale(() -> stages.tick(now, 2, List.of(), ENDING, SECOND));
    assertStale(() -> stages.tick(step(2, 0), 1, List.of(), ENDING, SECOND));
    stages.tick(now, 1, List.of(), ENDING, SECOND);
  }

  @Test
  void stepsAndAttemptsDoNotGoBack() {
    gradients(step(3, 1));
    assertStale(() -> stages.begin(step(3, 1), ALL, SLICES, NOTHING));
    assertStale(() -> stages.begin(step(3, 0), ALL, SLICES, NOTHING));
    assertStale(() -> stages.begin(step(2, 7), ALL, SLICES, NOTHING));
  }

  /** What stages wait for before they begin is a part of the step, as in the pictures of it. */
  @Test
  void aStepsTimeBeginsWhenItIsHeardOf() throws InterruptedException {
    StepContext now = step(3, 0);
    stages.begin(now, ALL, SLICES, NOTHING);
    stages.tick(now, 0, List.of(), List.of(StepPart.FOLLOW), List.of());
    Thread.sleep(60);
    stages.tick(now, 1, List.of(), List.of(StepPart.BEGIN, StepPart.PASS, StepPart.END), ALL);
    Message.StepDone done = (Message.StepDone) MessageJson.read(stages.results().get(0));
    assertThat(done.elapsedNanos()).isGreaterThan(60_000_000);
  }

  private static void assertShort(Runnable task, String during) {
    assertThatThrownBy(task::run)
        .isInstanceOfSatisfying(
            StagecoachException.class,
            e -> {
              assertThat(e.kind()).isEqualTo(ErrorKind.RESOURCE);
              assertThat(e.getCause()).isNotInstanceOf(Error.class);
            })
        .hasMessageContainingAll("no room", during);
  }

  @Test
  void memoryThatIsShortWhileStagesAreBuiltIsTyped() {
    UUID other = UUID.randomUUID();
    assertShort(
        () ->
            ResidentStages.open(
                other,
                0,
                1 << 20,
                WireType.FLOAT32,
                () -> {
                  throw new OutOfMemoryError("no room for a stage");
                }),
        "building");
    assertThatThrownBy(() -> ResidentStages.of(other, 0)).isInstanceOf(StagecoachException.class);
  }

  @Test
  void memoryThatIsShortForASourceIsTyped() {
    UUID other = UUID.randomUUID();
    ResidentStages.open(
        other,
        0,
        1 << 20,
        WireType.FLOAT32,
        () -> {
          MicroBatchSource source =
              (slice, columns) -> {
                throw new OutOfMemoryError("no room for rows");
              };
          return List.of(
              new HostedStage(
                  0,
                  new Dl4jStageModule(
                      new StageSpec(Networks.mlp(), 0, 1, 0, 5, 2, Recompute.NONE, 1)),
                  source));
        });
    StepContext now = step(3, 0);
    ResidentStages.of(other, 0).begin(now, ALL, SLICES, NOTHING);
    assertShort(
        () -> ResidentStages.of(other, 0).tick(now, 0, List.of(), BEGINNING, FIRST), "F0.0");
    ResidentStages.close(other);
  }
}
