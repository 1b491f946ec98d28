package io.stagecoach.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.error.StagecoachException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** What holds of every schedule, for 1 to 8 stages and 1 to 32 micro-batches. */
class SchedulePropertiesTest {

  private static final GPipe GPIPE = new GPipe();
  private static final OneForwardOneBackward ONE_F_ONE_B = new OneForwardOneBackward();

  private static final List<ScheduleAuthor> ONE_CHUNK =
      List.of(
          GPIPE,
          ONE_F_ONE_B,
          new ForwardOnly(),
          new EagerOneForwardOneBackward(),
          new ZeroBubbleH1());

  private static final List<ScheduleAuthor> CHUNKED =
      List.of(new InterleavedOneForwardOneBackward(), new LoopedBreadthFirst(), new ForwardOnly());

  /** An author and a shape that it can write for. */
  record Written(ScheduleAuthor author, PipelineShape shape) {
    Schedule schedule() {
      return author.schedule(shape);
    }
  }

  @Provide
  Arbitrary<Written> written() {
    Arbitrary<Integer> executors = Arbitraries.integers().between(1, 8);
    Arbitrary<Integer> microBatches = Arbitraries.integers().between(1, 32);
    return Arbitraries.oneOf(
        Combinators.combine(Arbitraries.of(ONE_CHUNK), executors, microBatches)
            .as((author, s, m) -> new Written(author, new PipelineShape(s, m))),
        Combinators.combine(
                Arbitraries.of(CHUNKED),
                executors,
                microBatches,
                Arbitraries.integers().between(1, 4))
            .as((author, e, m, v) -> new Written(author, new PipelineShape(e * v, m, v))));
  }

  @Provide
  Arbitrary<Schedule> schedules() {
    return written().map(Written::schedule);
  }

  private static StageCosts randomCosts(int stages, Random random) {
    List<Long> forward = new ArrayList<>();
    List<Long> backward = new ArrayList<>();
    List<Long> weights = new ArrayList<>();
    for (int stage = 0; stage < stages; stage++) {
      forward.add((long) random.nextInt(1000));
      backward.add((long) random.nextInt(1000));
      weights.add((long) random.nextInt(backward.get(stage).intValue() + 1));
    }
    return new StageCosts(
        forward, backward, weights, random.longs(stages - 1, 0, 500).boxed().toList());
  }

  @Property
  void onFewerExecutorsItIsValidAndEachStageDoesTheSame(
      @ForAll("schedules") Schedule schedule, @ForAll @IntRange(min = 1, max = 8) int wanted) {
    int executors = schedule.executors().size();
    int hosts = Math.min(wanted, executors);
    Schedule gathered = FewerExecutors.gather(schedule, hosts);
    ScheduleValidator.validate(gathered, Limits.none(schedule.stages()));
    assertThat(gathered.executors()).hasSize(hosts).noneMatch(List::isEmpty);
    assertThat(gathered.peakStash()).isEqualTo(schedule.peakStash());
    for (int stage = 0; stage < schedule.stages(); stage++) {
      assertThat(gathered.actionsOf(stage)).isEqualTo(schedule.actionsOf(stage));
      assertThat(gathered.executorOf(stage))
          .isEqualTo(FewerExecutors.hostOf(schedule.executorOf(stage), executors, hosts));
    }
    assertThat(Schedule.parse(gathered.text())).isEqualTo(gathered);
    // On one executor nothing waits: whatever is received was sent before.
    assertThat(
            Simulator.simulate(
                    FewerExecutors.gather(schedule, 1),
                    StageCosts.equal(schedule.stages(), 1, 2, 1_000_000))
                .bubble())
        .isZero();
  }

  @Property
  void theStepSimulatorAgrees(@ForAll("written") Written written, @ForAll Random random) {
    if (written.author().passes() == Passes.FORWARD) {
      return;
    }
    StageCosts costs = randomCosts(written.shape().stages(), random);
    Simulation whole = Simulator.simulate(written.schedule(), costs);
    Simulation summary = StepSimulator.simulate(written.author(), written.shape(), costs);
    assertThat(summary)
        .isEqualTo(
            new Simulation(
                whole.makespan(), whole.busy(), whole.ends(), whole.peakStash(), List.of()));
  }

  @Property
  void interleavedFormsHoldExactly(
      @ForAll @IntRange(min = 1, max = 8) int e,
      @ForAll @IntRange(min = 1, max = 4) int groups,
      @ForAll @IntRange(min = 1, max = 4) int v,
      @ForAll @LongRange(min = 1, max = 1_000_000_000) long f,
      @ForAll @LongRange(min = 1, max = 1_000_000_000) long b) {
    PipelineShape shape = new PipelineShape(e * v, e * groups, v);
    for (ScheduleAuthor author :
        List.of(new InterleavedOneForwardOneBackward(), new LoopedBreadthFirst())) {
      Simulation simulation =
          StepSimulator.simulate(author, shape, StageCosts.equal(e * v, f, b, 0));
      // (S−1)(f+b)/v, with f and b the passes of all v chunks.
      assertThat(simulation.idle(0)).as(author.name()).isEqualTo((e - 1) * (f + b));
      assertThat(simulation.bubble())
          .isCloseTo(author.closedFormBubble(shape).orElseThrow(), within(1e-12));
    }
  }

  /** What an uneven last group costs: no more than if it were full. */
  @Property
  void interleavedTakesAnyNumberOfMicroBatches(
      @ForAll @IntRange(min = 1, max = 8) int e,
      @ForAll @IntRange(min = 1, max = 32) int m,
      @ForAll @IntRange(min = 1, max = 4) int v,
      @ForAll Random random) {
    ScheduleAuthor author = new InterleavedOneForwardOneBackward();
    PipelineShape shape = new PipelineShape(e * v, m, v);
    int full = (m + e - 1) / e * e;
    StageCosts costs = randomCosts(e * v, random);
    assertThat(StepSimulator.simulate(author, shape, costs).makespan())
        .isLessThanOrEqualTo(
            StepSimulator.simulate(author, new PipelineShape(e * v, full, v), costs).makespan());
    int[] stash = new int[e];
    int[] most = new int[e];
    for (int x = 0; x < e; x++) {
      for (Action action : author.compute(shape).get(x)) {
        stash[x] += action instanceof Action.Forward ? 1 : -1;
        most[x] = Math.max(most[x], stash[x]);
      }
      assertThat(most[x]).isLessThanOrEqualTo(Math.min(v * m, (v - 1) * e + 2 * (e - 1 - x) + 1));
    }
  }

  @Property
  void zeroBubbleIdlesAsTheFormSays(
      @ForAll @IntRange(min = 1, max = 8) int s,
      @ForAll @IntRange(max = 24) int more,
      @ForAll @LongRange(min = 1, max = 1_000_000) long w,
      @ForAll @LongRange(max = 1_000_000) long f,
      @ForAll @LongRange(max = 1_000_000) long i) {
    int m = s + more;
    long forward = w + f;
    long input = w + i;
    StageCosts costs =
        new StageCosts(
            Collections.nCopies(s, forward),
            Collections.nCopies(s, input + w),
            Collections.nCopies(s, w),
            0);
    PipelineShape shape = new PipelineShape(s, m);
    Simulation simulation = Simulator.simulate(new ZeroBubbleH1().schedule(shape), costs);
    for (int e = 0; e < s; e++) {
      assertThat(simulation.idle(e)).isEqualTo((s - 1) * (forward + input - w));
    }
    assertThat(Collections.max(simulation.peakStash())).isLessThanOrEqualTo(s);
    StageCosts even = StageCosts.equal(s, w, 2 * w, 0);
    assertThat(Simulator.simulate(new ZeroBubbleH1().schedule(shape), even).bubble())
        .isCloseTo(new ZeroBubbleH1().closedFormBubble(shape).orElseThrow(), within(1e-12));
  }

  @Property
  void eagerIsNeverSlowerThanGPipe(
      @ForAll @IntRange(min = 1, max = 8) int s,
      @ForAll @IntRange(min = 1, max = 32) int m,
      @ForAll @LongRange(min = 1, max = 1000) long f,
      @ForAll @LongRange(min = 1, max = 1000) long b,
      @ForAll @LongRange(max = 5000) long hop) {
    PipelineShape shape = new PipelineShape(s, m);
    StageCosts costs = StageCosts.equal(s, f, b, hop);
    ScheduleAuthor eager = new EagerOneForwardOneBackward().tunedTo(costs);
    Simulation simulation = StepSimulator.simulate(eager, shape, costs);
    assertThat(simulation.makespan())
        .isLessThanOrEqualTo(StepSimulator.simulate(GPIPE, shape, costs).makespan());
    long rounds = 1 + (2 * hop + f + b - 1) / (f + b);
    for (int stage = 0; stage < s; stage++) {
      assertThat((long) simulation.peakStash().get(stage))
          .isLessThanOrEqualTo(Math.min(m, (s - 1 - stage) * rounds + 1));
    }
  }

  @Property
  void isValidWithOneCreditAndItsOwnStash(@ForAll("written") Written written) {
    Schedule schedule = written.schedule();
    Limits limits = Limits.none(schedule.stages()).withStash(schedule.peakStash());
    // Round the executors, sends that block would wait for each other.
    ScheduleValidator.validate(
        schedule, written.shape().chunks() == 1 ? limits.withCredits(1) : limits);
  }

  @Property
  void needsAllOfItsStash(
      @ForAll("schedules") Schedule schedule, @ForAll @IntRange(min = 0, max = 7) int which) {
    int stage = which % schedule.stages();
    List<Integer> room = new ArrayList<>(schedule.peakStash());
    room.set(stage, room.get(stage) - 1);
    assertRefused(schedule, Limits.none(schedule.stages()).withStash(room));
  }

  @Property
  void printsAndParses(@ForAll("schedules") Schedule schedule) {
    assertThat(Schedule.parse(schedule.text())).isEqualTo(schedule);
  }

  @Property
  void loweringAgainChangesNothing(@ForAll("schedules") Schedule schedule) {
    assertThat(Lowering.lower(schedule)).isEqualTo(schedule);
  }

  @Property
  void closedFormsHoldExactly(
      @ForAll @IntRange(min = 1, max = 8) int s,
      @ForAll @IntRange(min = 1, max = 32) int m,
      @ForAll @LongRange(min = 1, max = 1_000_000_000) long f,
      @ForAll @LongRange(min = 1, max = 1_000_000_000) long b,
      @ForAll @LongRange(max = 1_000_000_000) long hop) {
    PipelineShape shape = new PipelineShape(s, m);
    ClosedForm form = new ClosedForm(s, m);
    for (ScheduleAuthor author : List.of(GPIPE, ONE_F_ONE_B)) {
      Simulation simulation =
          Simulator.simulate(author.schedule(shape), StageCosts.equal(s, f, b, 0));
      assertThat(simulation.makespan()).isEqualTo(form.makespan(f, b));
      assertThat(simulation.bubble()).isCloseTo(form.bubble(), within(1e-15));
      for (int e = 0; e < s; e++) {
        assertThat(simulation.idle(e)).isEqualTo(form.idle(f, b));
      }
    }
    Simulation gpipe = Simulator.simulate(GPIPE.schedule(shape), StageCosts.equal(s, f, b, hop));
    assertThat(gpipe.makespan()).isEqualTo(form.gpipeMakespan(f, b, hop));
    assertThat(gpipe.peakStash()).containsOnly(form.gpipePeakStash());
    List<Integer> peaks = ONE_F_ONE_B.schedule(shape).peakStash();
    for (int stage = 0; stage < s; stage++) {
      assertThat(peaks.get(stage)).isEqualTo(form.oneForwardOneBackwardPeakStash(stage));
    }
  }

  /**
   * The simulator against the longest path through the passes, which knows no sends or receives.
   */
  @Property(tries = 300)
  void makespanIsTheLongestPath(@ForAll("schedules") Schedule schedule, @ForAll Random random) {
    StageCosts costs = randomCosts(schedule.stages(), random);

    Simulation simulation = Simulator.simulate(schedule, costs);

    Map<Action, Long> ends = new LongestPath(schedule, costs).ends();
    assertThat(simulation.makespan()).isEqualTo(Collections.max(ends.values()));
    for (TimedAction timed : simulation.actions()) {
      if (timed.action().isCompute()) {
        assertThat(timed.end()).as(timed.action().text()).isEqualTo(ends.get(timed.action()));
      }
    }
  }

  @Property
  void refusesAnActionDropped(@ForAll("schedules") Schedule schedule, @ForAll Random random) {
    List<List<Action>> lists = copy(schedule);
    List<Action> list = any(lists, random);
    list.remove(random.nextInt(list.size()));
    assertRefused(with(schedule, lists));
  }

  @Property
  void refusesAnActionTwice(@ForAll("schedules") Schedule schedule, @ForAll Random random) {
    List<List<Action>> lists = copy(schedule);
    List<Action> list = any(lists, random);
    Action action = list.get(random.nextInt(list.size()));
    List<Action> to = any(lists, random);
    to.add(random.nextInt(to.size() + 1), action);
    assertRefused(with(schedule, lists));
  }

  @Property
  void refusesAnActionOfAnotherMicroBatch(
      @ForAll("schedules") Schedule schedule, @ForAll Random random) {
    List<List<Action>> lists = copy(schedule);
    List<Action> list = any(lists, random);
    int index = random.nextInt(list.size());
    Action action = list.get(index);
    int other = action.microBatch() + 1 + random.nextInt(schedule.microBatches());
    list.set(index, Action.parse(action.code() + action.stage() + "." + other));
    assertRefused(with(schedule, lists));
  }

  /** Two passes of the same kind change places: micro-batches no longer ascend. */
  @Property
  void refusesPassesOutOfOrder(@ForAll("schedules") Schedule schedule, @ForAll Random random) {
    List<List<Action>> lists = copy(schedule);
    List<Action> list = any(lists, random);
    List<Integer> indices = new ArrayList<>();
    boolean forward = schedule.passes() == Passes.FORWARD || random.nextBoolean();
    for (int i = 0; i < list.size(); i++) {
      List<String> kinds = forward ? List.of("F") : List.of("B", "I");
      boolean sameStage = list.get(i).stage() == list.get(list.size() - 1).stage();
      if (sameStage && kinds.contains(list.get(i).code())) {
        indices.add(i);
      }
    }
    if (indices.size() < 2) {
      return;
    }
    int first = random.nextInt(indices.size() - 1);
    int second = first + 1 + random.nextInt(indices.size() - 1 - first);
    Collections.swap(list, indices.get(first), indices.get(second));
    assertRefused(with(schedule, lists));
  }

  /** A pass changes places with the receive that feeds it, or the send that takes its result. */
  @Property
  void refusesAPassAwayFromItsTransfer(
      @ForAll("schedules") Schedule schedule, @ForAll Random random) {
    List<List<Action>> lists = copy(schedule);
    List<Action> list = any(lists, random);
    int index = random.nextInt(list.size());
    int neighbour = index + 1;
    if (neighbour == list.size()
        || list.get(index).microBatch() != list.get(neighbour).microBatch()
        || list.get(index).isCompute() == list.get(neighbour).isCompute()
        || isBackwards(list.get(index)) != isBackwards(list.get(neighbour))) {
      return;
    }
    Collections.swap(list, index, neighbour);
    assertRefused(with(schedule, lists));
  }

  /** Stage 0 waits for the last gradient before it starts. */
  @Property
  void refusesADeadlock(
      @ForAll @IntRange(min = 2, max = 8) int s, @ForAll @IntRange(min = 1, max = 32) int m) {
    for (ScheduleAuthor author : List.of(GPIPE, ONE_F_ONE_B)) {
      Schedule schedule = author.schedule(new PipelineShape(s, m));
      List<List<Action>> lists = copy(schedule);
      Action gradient = new Action.ReceiveGradients(0, m - 1);
      lists.get(0).remove(gradient);
      lists.get(0).add(0, gradient);
      assertThatThrownBy(() -> ScheduleValidator.validate(with(schedule, lists), Limits.none(s)))
          .hasMessageContaining("deadlock");
    }
  }

  private static boolean isBackwards(Action action) {
    return action instanceof Action.Backward
        || action instanceof Action.SendGradients
        || action instanceof Action.ReceiveGradients;
  }

  private static void assertRefused(Schedule schedule) {
    assertRefused(schedule, Limits.none(schedule.stages()));
  }

  private static void assertRefused(Schedule schedule, Limits limits) {
    assertThatThrownBy(() -> ScheduleValidator.validate(schedule, limits))
        .as(schedule.text())
        .isInstanceOf(StagecoachException.class)
        .satisfies(e -> assertThat(e.getMessage()).contains("<"));
  }

  private static List<List<Action>> copy(Schedule schedule) {
    List<List<Action>> lists = new ArrayList<>();
    schedule.executors().forEach(list -> lists.add(new ArrayList<>(list)));
    return lists;
  }

  private static List<Action> any(List<List<Action>> lists, Random random) {
    return lists.get(random.nextInt(lists.size()));
  }

  private static Schedule with(Schedule schedule, List<List<Action>> lists) {
    return new Schedule(
        schedule.name(), schedule.stages(), schedule.microBatches(), schedule.passes(), lists);
  }

  /** When each pass ends: after the pass before it on its executor, and after what feeds it. */
  private static final class LongestPath {
    private final StageCosts costs;
    private final int last;
    private final Map<Integer, Integer> executorOf = new HashMap<>();
    private final Map<Action, Action> before = new HashMap<>();
    private final Map<Action, Long> ends = new HashMap<>();

    LongestPath(Schedule schedule, StageCosts costs) {
      this.costs = costs;
      this.last = schedule.stages() - 1;
      for (List<Action> list : schedule.executors()) {
        list.forEach(action -> executorOf.put(action.stage(), schedule.executors().indexOf(list)));
        Action previous = null;
        for (Action action : list) {
          if (action.isCompute()) {
            before.put(action, previous);
            previous = action;
          }
        }
      }
    }

    Map<Action, Long> ends() {
      before.keySet().forEach(this::end);
      return ends;
    }

    private long hop(int from, int to) {
      return executorOf.get(from).equals(executorOf.get(to))
          ? 0
          : costs.hops().get(Math.min(from, to));
    }

    private long time(Action action) {
      int stage = action.stage();
      return switch (action.code()) {
        case "F" -> costs.forward().get(stage);
        case "B" -> costs.backward().get(stage);
        case "W" -> costs.weights().get(stage);
        default -> costs.backward().get(stage) - costs.weights().get(stage);
      };
    }

    private long end(Action action) {
      Long known = ends.get(action);
      if (known != null) {
        return known;
      }
      long start = before.get(action) == null ? 0 : end(before.get(action));
      int stage = action.stage();
      int m = action.microBatch();
      boolean gradient =
          action instanceof Action.Backward || action instanceof Action.BackwardInput;
      if (action instanceof Action.Forward && stage > 0) {
        start = Math.max(start, end(new Action.Forward(stage - 1, m)) + hop(stage - 1, stage));
      } else if (gradient && stage < last) {
        Action whole = new Action.Backward(stage + 1, m);
        Action feeds = before.containsKey(whole) ? whole : new Action.BackwardInput(stage + 1, m);
        start = Math.max(start, end(feeds) + hop(stage + 1, stage));
      }
      long end = start + time(action);
      ends.put(action, end);
      return end;
    }
  }
}
