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

  @Provide
  Arbitrary<Schedule> schedules() {
    return Combinators.combine(
            Arbitraries.of(GPIPE, ONE_F_ONE_B, new ForwardOnly()),
            Arbitraries.integers().between(1, 8),
            Arbitraries.integers().between(1, 32))
        .as((author, s, m) -> author.schedule(new PipelineShape(s, m)));
  }

  @Property
  void isValidWithOneCreditAndItsOwnStash(@ForAll("schedules") Schedule schedule) {
    ScheduleValidator.validate(
        schedule, Limits.none(schedule.stages()).withCredits(1).withStash(schedule.peakStash()));
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
    List<Long> forward = new ArrayList<>();
    List<Long> backward = new ArrayList<>();
    for (int stage = 0; stage < schedule.stages(); stage++) {
      forward.add((long) random.nextInt(1000));
      backward.add((long) random.nextInt(1000));
    }
    StageCosts costs = new StageCosts(forward, backward, random.nextInt(500));

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
      Class<?> kind = forward ? Action.Forward.class : Action.Backward.class;
      if (kind.isInstance(list.get(i))) {
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
    private final Map<Action, Action> before = new HashMap<>();
    private final Map<Action, Long> ends = new HashMap<>();

    LongestPath(Schedule schedule, StageCosts costs) {
      this.costs = costs;
      this.last = schedule.stages() - 1;
      for (List<Action> list : schedule.executors()) {
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

    private long end(Action action) {
      Long known = ends.get(action);
      if (known != null) {
        return known;
      }
      long start = before.get(action) == null ? 0 : end(before.get(action));
      int stage = action.stage();
      int m = action.microBatch();
      boolean forward = action instanceof Action.Forward;
      if (forward && stage > 0) {
        start = Math.max(start, end(new Action.Forward(stage - 1, m)) + costs.hop());
      } else if (!forward && stage < last) {
        start = Math.max(start, end(new Action.Backward(stage + 1, m)) + costs.hop());
      }
      long end = start + (forward ? costs.forward() : costs.backward()).get(stage);
      ends.put(action, end);
      return end;
    }
  }
}
