package io.stagecoach.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.batch.Slice;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.StepContext;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.schedule.GPipe;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.stage.StageStep;
import io.stagecoach.stage.Traffic;
import io.stagecoach.sync.GradientArrivals;
import io.stagecoach.sync.StagePart;
import io.stagecoach.tensor.Tensors;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What a pipeline does when its executors fail, against pipelines that fail when they are told. */
class LastingPipelineTest {

  private static final int STAGES = 2;

  private final Deque<StagecoachException> failures = new ArrayDeque<>();
  private final Deque<StagecoachException> launchFailures = new ArrayDeque<>();
  private final List<String> events = new ArrayList<>();
  private final List<Seats> seated = new ArrayList<>();
  private final List<Setback> setbacks = new ArrayList<>();
  private final Set<String> leaving = new HashSet<>();
  private int there = STAGES;
  private Seats wanted = Seats.free();
  private Runnable whenReplaced = () -> {};
  private Optional<String> unfit = Optional.empty();
  private boolean asked;
  private long now;
  private long nanosPerTry;

  /** Fails as often as there are failures, and says what it was told. */
  private final class Fragile implements Pipeline {

    private final List<String> executors;
    private Order order;

    Fragile(int executors, Seats seats) {
      this.executors =
          seats.seat(
              IntStream.range(0, executors).mapToObj(e -> "e" + e).toList(),
              e -> new Home(e, "here"),
              executors,
              SeatPins.NONE);
    }

    @Override
    public List<StageAddress> stages() {
      return IntStream.range(0, STAGES)
          .mapToObj(
              stage -> StageAddress.of(stage, executors.get(stage % executors.size()), "here", 1))
          .toList();
    }

    @Override
    public Map<Integer, ProcessMemory> memory() {
      return Map.of();
    }

    @Override
    public int nextAttempt(long step) {
      return 0;
    }

    @Override
    public void use(ScheduleAuthor author) {
      events.add("use " + author.name());
    }

    @Override
    public void tell(Order told) {
      order = told;
      StringBuilder text = new StringBuilder("tell ");
      text.append(told.step().context().step()).append('.').append(told.step().context().attempt());
      for (int stage = 0; stage < STAGES; stage++) {
        text.append(told.weights().apply(stage).isPresent() ? " w" : " -");
        told.state().apply(stage).forEach((name, state) -> text.append(name).append(state));
      }
      events.add(text.toString());
    }

    @Override
    public List<StagePart> await(GradientArrivals arrivals) {
      now += nanosPerTry;
      if (!failures.isEmpty()) {
        throw failures.remove();
      }
      StepContext context = order.step().context();
      return IntStream.range(0, STAGES)
          .mapToObj(
              stage ->
                  new StagePart(
                      new StageStep(
                          stage,
                          stage,
                          context.step(),
                          context.attempt(),
                          Loss.none(),
                          1,
                          0,
                          1,
                          List.of(),
                          Traffic.none(),
                          1),
                      Tensors.of(Message.STATE + "h", Nd4j.scalar(10 * context.step() + stage))))
          .toList();
    }

    @Override
    public void abandon() {
      events.add("abandon");
    }

    @Override
    public void close() {
      events.add("close");
    }
  }

  private LastingPipeline pipeline(Recovery recovery) {
    ExecutorPool pool =
        new ExecutorPool() {
          @Override
          public boolean isLeaving(String executor) {
            return leaving.contains(executor);
          }

          @Override
          public void replace(String executor) {
            events.add("replace " + executor);
            whenReplaced.run();
          }

          @Override
          public int count() {
            return there;
          }

          @Override
          public int await(int wanted, Duration deadline) {
            leaving.clear();
            return Math.min(wanted, there);
          }

          @Override
          public Optional<String> unfit(int executors) {
            asked = true;
            return unfit;
          }

          @Override
          public boolean isKnownToFit(int executors) {
            return unfit.isEmpty();
          }
        };
    LastingPipeline.Launcher launcher =
        (executors, seats) -> {
          events.add("launch " + executors);
          seated.add(seats);
          if (!launchFailures.isEmpty()) {
            throw launchFailures.remove();
          }
          return new Fragile(executors, seats);
        };
    return new LastingPipeline(
        launcher,
        new ExecutorRecovery(pool, STAGES, recovery, () -> now),
        STAGES,
        wanted,
        stage -> Nd4j.createFromArray(1.0f),
        SliceHolder.none(),
        setbacks::add,
        () -> now);
  }

  private static Recovery often() {
    return new Recovery(3, 100, Duration.ofSeconds(1), STAGES);
  }

  private static StagecoachException lost(int stage) {
    return new StagecoachException(
        ErrorKind.EXECUTOR_LOST, "Executor " + stage + " was lost", Where.stage(stage), "", null);
  }

  private static Order order(long step, Mode mode, boolean carriesState) {
    return Order.of(
        new Message.RunStep(
            new StepContext(step, 0, 0, 1, mode, carriesState),
            "gpipe",
            List.of(Slice.of(Slice.Split.TRAINING, 0, 0, 1))),
        stage -> Optional.<INDArray>empty());
  }

  @Test
  void aLostExecutorIsReplacedAndTheStepToldAgainWithAllWeights() {
    failures.add(lost(1));
    try (LastingPipeline pipeline = pipeline(often())) {
      pipeline.use(new GPipe());
      pipeline.tell(order(5, Mode.TRAINING, false));
      List<StagePart> parts = pipeline.await();
      assertThat(parts).extracting(part -> part.report().attempt()).containsOnly(1);
      parts.forEach(StagePart::close);
    }
    assertThat(events)
        .containsExactly(
            "launch 2",
            "use gpipe",
            "tell 5.0 - -",
            "abandon",
            "replace e1",
            "launch 2",
            "use gpipe",
            "tell 5.1 w w",
            "close");
    assertThat(setbacks)
        .extracting(Setback::step, Setback::executors)
        .containsOnly(org.assertj.core.groups.Tuple.tuple(5L, 2));
  }

  @Test
  void itBeginsInTheSeatsThatAreWanted() {
    wanted = new Seats(List.of("e1", "e0"));
    try (LastingPipeline pipeline = pipeline(often())) {
      assertThat(pipeline.stages()).extracting(StageAddress::executor).containsExactly("e1", "e0");
      failures.add(lost(0));
      pipeline.tell(order(5, Mode.TRAINING, false));
      pipeline.await().forEach(StagePart::close);
    }
    assertThat(seated).containsExactly(wanted, wanted);
  }

  @Test
  void stateOfTheStepBeforeIsGivenBackToWhomItBelongs() {
    try (LastingPipeline pipeline = pipeline(often())) {
      pipeline.tell(order(5, Mode.TRAINING, false));
      pipeline.await().forEach(StagePart::close);
      failures.add(lost(0));
      pipeline.tell(order(6, Mode.TRAINING, true));
      pipeline.await().forEach(StagePart::close);
      failures.add(lost(0));
      pipeline.tell(order(7, Mode.TRAINING, false));
      pipeline.await().forEach(StagePart::close);
    }
    assertThat(events).contains("tell 6.1 wh50 wh51", "tell 7.1 w w");
  }

  @Test
  void stagesOfAnotherCutGetAllWeightsWithTheirFirstStep() {
    try (LastingPipeline pipeline = pipeline(often())) {
      pipeline.use(new GPipe());
      pipeline.tell(order(5, Mode.TRAINING, false));
      pipeline.await().forEach(StagePart::close);
      pipeline.recut(
          (executors, seats) -> {
            events.add("launch others " + executors);
            seated.add(seats);
            return new Fragile(executors, seats);
          },
          List.of(1, 0));
      assertThat(pipeline.placements()).isEqualTo(2);
      pipeline.tell(order(6, Mode.TRAINING, false));
      pipeline.await().forEach(StagePart::close);
      failures.add(lost(0));
      pipeline.tell(order(7, Mode.TRAINING, false));
      pipeline.await().forEach(StagePart::close);
      assertThat(pipeline.placements()).isEqualTo(3);
    }
    assertThat(events)
        .containsExactly(
            "launch 2",
            "use gpipe",
            "tell 5.0 - -",
            "close",
            "launch others 2",
            "use gpipe",
            "tell 6.0 w w",
            "tell 7.0 - -",
            "abandon",
            "replace e1",
            "launch others 2",
            "use gpipe",
            "tell 7.1 w w",
            "close");
    Seats turned = new Seats(List.of("e1", "e0"));
    assertThat(seated).containsExactly(Seats.free(), turned, turned);
  }

  @Test
  void stagesAreMovedBetweenTwoStepsFromAnExecutorThatLeaves() {
    try (LastingPipeline pipeline = pipeline(new Recovery(0, 0, Duration.ofSeconds(1), STAGES))) {
      pipeline.use(new GPipe());
      pipeline.tell(order(5, Mode.TRAINING, false));
      leaving.add("e1");
      pipeline.await().forEach(StagePart::close);
      pipeline.tell(order(6, Mode.TRAINING, true));
      pipeline.await().forEach(StagePart::close);
      pipeline.tell(order(7, Mode.TRAINING, true));
      pipeline.await().forEach(StagePart::close);
      assertThat(pipeline.placements()).isEqualTo(2);

      leaving.add("e0");
      there = 1;
      assertThatThrownBy(() -> pipeline.tell(order(8, Mode.TRAINING, false)))
          .hasMessageContaining("took executor e0 back")
          .hasMessageContaining("there are 1 executors of 2");
    }
    assertThat(events)
        .containsExactly(
            "launch 2",
            "use gpipe",
            "tell 5.0 - -",
            "close",
            "launch 2",
            "use gpipe",
            "tell 6.0 wh50 wh51",
            "tell 7.0 - -",
            "close",
            "close");
    assertThat(setbacks).isEmpty();
  }

  @Test
  void whereNoExecutorCanHaveAPinnedPlaceTheRunEndsWithItsFirstCause() {
    failures.add(lost(1));
    unfit = Optional.of("The pins \"1:b\" take 1 executor on b, and there are 0");
    try (LastingPipeline pipeline = pipeline(often())) {
      pipeline.tell(order(5, Mode.TRAINING, false));
      assertThatThrownBy(pipeline::await)
          .isInstanceOfSatisfying(
              StagecoachException.class,
              e -> assertThat(e.kind()).isEqualTo(ErrorKind.EXECUTOR_LOST))
          .hasMessageContaining("Executor 1 was lost; The pins \"1:b\" take 1 executor on b")
          .hasMessageContaining("and no other came within 1 s");
    }
    assertThat(events).containsOnlyOnce("launch 2");
    try (LastingPipeline pipeline = pipeline(often())) {
      leaving.add("e0");
      assertThatThrownBy(() -> pipeline.tell(order(6, Mode.TRAINING, false)))
          .hasMessageContaining("took executor e0 back")
          .hasMessageContaining("The pins \"1:b\" take 1 executor on b");
    }
  }

  @Test
  void aPeersWordAgainstAPeerBlamesNone() {
    failures.add(new StagecoachException(ErrorKind.PEER, "said", Where.stage(0), "", null));
    try (LastingPipeline pipeline = pipeline(often())) {
      pipeline.tell(order(0, Mode.TRAINING, false));
      pipeline.await().forEach(StagePart::close);
    }
    assertThat(events).noneMatch(event -> event.startsWith("replace"));
  }

  @Test
  void whatAnotherPlacementCannotMendEndsTheRun() {
    for (ErrorKind kind :
        List.of(ErrorKind.DATA, ErrorKind.RESOURCE, ErrorKind.INTERNAL, ErrorKind.INTERRUPTED)) {
      failures.add(new StagecoachException(kind, "bad", ""));
      try (LastingPipeline pipeline = pipeline(often())) {
        pipeline.tell(order(0, Mode.TRAINING, false));
        assertThatThrownBy(pipeline::await).hasMessage("bad");
      }
    }
    assertThat(events).doesNotContain("abandon");
  }

  @Test
  void attemptsOfAStepAreBoundedAndTheFirstCauseIsSaid() {
    failures.addAll(List.of(lost(1), lost(0), lost(0), lost(0)));
    try (LastingPipeline pipeline = pipeline(often())) {
      pipeline.tell(order(0, Mode.TRAINING, false));
      assertThatThrownBy(pipeline::await)
          .hasMessageContaining("Executor 1 was lost; the step was tried 4 times")
          .hasMessageContaining("recovery.attempts");
    }
  }

  @Test
  void aStepThatEndsForgivesButTheHourDoesNot() {
    Recovery recovery = new Recovery(2, 5, Duration.ofSeconds(1), STAGES);
    nanosPerTry = Duration.ofMinutes(1).toNanos();
    try (LastingPipeline pipeline = pipeline(recovery)) {
      for (int step = 0; step < 5; step++) {
        failures.add(lost(0));
        pipeline.tell(order(step, Mode.TRAINING, false));
        pipeline.await().forEach(StagePart::close);
      }
      failures.add(lost(0));
      pipeline.tell(order(5, Mode.TRAINING, false));
      assertThatThrownBy(pipeline::await).hasMessageContaining("recovery.perHour");

      now += Duration.ofHours(1).toNanos();
      failures.add(lost(0));
      pipeline.tell(order(6, Mode.TRAINING, false));
      pipeline.await().forEach(StagePart::close);
    }
  }

  @Test
  void withNoAttemptsTheCauseIsSaidAsItIs() {
    failures.add(lost(1));
    try (LastingPipeline pipeline = pipeline(new Recovery(0, 5, Duration.ofSeconds(1), 2))) {
      pipeline.tell(order(0, Mode.TRAINING, false));
      assertThatThrownBy(pipeline::await).hasMessageStartingWith("Executor 1 was lost (stage 1)");
    }
  }

  @Test
  void fewerExecutorsWillDoWhereTheUserAllowsIt() {
    there = 1;
    failures.add(lost(1));
    try (LastingPipeline pipeline = pipeline(new Recovery(3, 5, Duration.ofSeconds(1), 1))) {
      pipeline.tell(order(0, Mode.TRAINING, false));
      pipeline.await().forEach(StagePart::close);
    }
    assertThat(events).contains("launch 1");

    failures.add(lost(1));
    try (LastingPipeline pipeline = pipeline(often())) {
      pipeline.tell(order(0, Mode.TRAINING, false));
      assertThatThrownBy(pipeline::await)
          .hasMessageContaining("Executor 1 was lost; there are 1 executors of 2")
          .hasMessageContaining("recovery.replacement");
    }
  }

  /** One executor of two is lost, and for a step no other one comes. */
  private void losesOne(LastingPipeline pipeline) {
    there = 1;
    failures.add(lost(1));
    pipeline.tell(order(0, Mode.TRAINING, false));
    pipeline.await().forEach(StagePart::close);
    pipeline.tell(order(1, Mode.TRAINING, false));
    pipeline.await().forEach(StagePart::close);
    assertThat(pipeline.executors()).isEqualTo(1);
    events.clear();
  }

  @Test
  void stagesAreSpreadOutWhenAnotherExecutorComes() {
    try (LastingPipeline pipeline = pipeline(new Recovery(3, 5, Duration.ofSeconds(1), 1))) {
      pipeline.use(new GPipe());
      losesOne(pipeline);
      there = 2;
      for (int step = 2; step < 4; step++) {
        pipeline.tell(order(step, Mode.TRAINING, true));
        pipeline.await().forEach(StagePart::close);
      }
      assertThat(pipeline.executors()).isEqualTo(2);
      assertThat(pipeline.placements()).isEqualTo(3);
    }
    assertThat(events)
        .containsExactly(
            "close", "launch 2", "use gpipe", "tell 2.0 wh10 wh11", "tell 3.0 - -", "close");
    assertThat(seated.get(2)).isEqualTo(new Seats(List.of("e0")));
    assertThat(setbacks).hasSize(1);
  }

  @Test
  void whereTheOtherIsGoneBeforeItIsOfUseTheyStayTogether() {
    try (LastingPipeline pipeline = pipeline(new Recovery(3, 5, Duration.ofSeconds(1), 1))) {
      losesOne(pipeline);
      there = 2;
      launchFailures.add(lost(1));
      launchFailures.add(new StagecoachException(ErrorKind.CLUSTER, "gone", ""));
      whenReplaced = () -> there = 1;
      pipeline.tell(order(2, Mode.TRAINING, false));
      pipeline.await().forEach(StagePart::close);
      assertThat(pipeline.executors()).isEqualTo(1);
    }
    assertThat(events)
        .containsExactly(
            "close",
            "launch 2",
            "abandon",
            "replace e0",
            "launch 1",
            "abandon",
            "launch 1",
            "tell 2.0 w w",
            "close");
  }

  @Test
  void noneIsTakenBackThatPinsDoNotAllowOrWhereMuchWasLostWithinTheHour() {
    Recovery recovery = new Recovery(3, 2, Duration.ofSeconds(1), 1);
    try (LastingPipeline pipeline = pipeline(recovery)) {
      losesOne(pipeline);
      there = 2;
      pipeline.tell(order(2, Mode.TRAINING, false));
      pipeline.await().forEach(StagePart::close);
      assertThat(events).as("one of two was lost").containsExactly("tell 2.0 - -");

      now += Duration.ofHours(1).toNanos() + 1;
      unfit = Optional.of("The pins take 1 executor on b, and there are 0");
      asked = false;
      pipeline.tell(order(3, Mode.TRAINING, false));
      pipeline.await().forEach(StagePart::close);
      assertThat(pipeline.executors()).isEqualTo(1);
      assertThat(asked).as("stages run, and nobody could answer").isFalse();

      unfit = Optional.empty();
      pipeline.tell(order(4, Mode.TRAINING, false));
      assertThat(pipeline.executors()).isEqualTo(2);
      pipeline.await().forEach(StagePart::close);
    }
  }

  @Test
  void alsoALaunchThatFailsIsTriedAgain() {
    launchFailures.add(lost(0));
    try (LastingPipeline pipeline = pipeline(often())) {
      launchFailures.add(new StagecoachException(ErrorKind.DEADLINE, "no contact", ""));
      failures.add(lost(1));
      pipeline.tell(order(0, Mode.TRAINING, false));
      pipeline.await().forEach(StagePart::close);
    }
    assertThat(events).filteredOn(event -> event.startsWith("launch")).hasSize(4);
    assertThat(events).contains("tell 0.1 w w");
  }

  /** Whoever never got in touch hosts no stage yet. */
  @Test
  void anExecutorThatALaunchFailsOnIsReplacedWhateverItHosts() {
    StagecoachException silent =
        new StagecoachException(
            ErrorKind.EXECUTOR_LOST, "silent", Where.nowhere().onExecutor("e7 on here"), "", null);
    launchFailures.add(silent);
    try (LastingPipeline pipeline = pipeline(new Recovery(4, 100, Duration.ofSeconds(1), STAGES))) {
      launchFailures.add(silent);
      launchFailures.add(
          new StagecoachException(
              ErrorKind.DEADLINE, "late", Where.stage(0).onExecutor("e8 on here"), "", null));
      failures.add(lost(1));
      pipeline.tell(order(0, Mode.TRAINING, false));
      pipeline.await().forEach(StagePart::close);
    }
    assertThat(events)
        .filteredOn(event -> event.startsWith("replace"))
        .containsExactly("replace e7", "replace e1", "replace e7", "replace e8");
  }

  @Test
  void tooFewExecutorsAtTheBeginningAreNotWaitedForAgain() {
    launchFailures.add(new StagecoachException(ErrorKind.CLUSTER, "too few", ""));
    assertThatThrownBy(() -> pipeline(often())).hasMessage("too few");
    assertThat(events).containsExactly("launch 2");
  }
}
