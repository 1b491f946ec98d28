package io.stagecoach.spark.cluster;

import static io.stagecoach.spark.cluster.StepPart.ADD_USES;
import static io.stagecoach.spark.cluster.StepPart.BEGIN;
import static io.stagecoach.spark.cluster.StepPart.END;
import static io.stagecoach.spark.cluster.StepPart.FOLLOW;
import static io.stagecoach.spark.cluster.StepPart.PASS;
import static io.stagecoach.spark.cluster.StepPart.REDUCE;
import static io.stagecoach.spark.cluster.StepPart.SEND_WEIGHTS;
import static io.stagecoach.spark.cluster.StepPart.SHARE;
import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Replicated;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.schedule.Ticks;
import io.stagecoach.sync.SliceOwners;
import io.stagecoach.sync.TiedUse;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** What executors do in the ticks of a step, whoever waits for whom. */
class StepTicksTest {

  private static final int EXECUTORS = 3;
  private static final List<TiedUse> TIED = List.of(new TiedUse("W", 0, 2, "copy"));
  private static final SliceOwners ONE = new SliceOwners(EXECUTORS, 1);

  private static Ticks cut(String schedule, int passes) {
    return Ticks.of(
        Schedules.standard().named(schedule).schedule(new PipelineShape(EXECUTORS, 4)), passes);
  }

  /**
   * Any traffic: all parts are done, in order, and what is waited for was sent in a tick before.
   */
  @Property(tries = 300)
  void whatIsWaitedForWasSentBefore(
      @ForAll @IntRange(max = 2) int schedule,
      @ForAll @IntRange(min = 1, max = 4) int passes,
      @ForAll @Size(12) List<@IntRange(max = 7) Integer> from) {
    Ticks cut = cut(List.of("1f1b", "gpipe", "zb-h1").get(schedule), passes);
    SliceTraffic traffic =
        new SliceTraffic(sources(from, 0), sources(from, 3), sources(from, 6), sources(from, 9));

    StepTicks ticks = new StepTicks(cut, traffic);

    for (int executor = 0; executor < EXECUTORS; executor++) {
      int own = executor;
      List<Action> performed = new ArrayList<>();
      for (int tick = 0; tick < ticks.count(); tick++) {
        assertThat(ticks.parts(tick, own).contains(PASS))
            .isEqualTo(!ticks.actions(tick, own).isEmpty());
        performed.addAll(ticks.actions(tick, own));
      }
      assertThat(performed).isEqualTo(cut.schedule().executors().get(own));
      List<StepPart> inOrder =
          IntStream.range(0, ticks.count())
              .mapToObj(tick -> ticks.parts(tick, own))
              .flatMap(List::stream)
              .toList();
      assertThat(inOrder).isSorted();
      assertThat(Stream.of(FOLLOW, BEGIN, SHARE, REDUCE, ADD_USES, END))
          .allSatisfy(part -> assertThat(inOrder).containsOnlyOnce(part));
      assertLater(ticks, traffic.weights(), SEND_WEIGHTS, own, BEGIN);
      assertLater(ticks, traffic.replicas(), SHARE, own, REDUCE);
      assertLater(ticks, traffic.uses(), REDUCE, own, ADD_USES);
      for (int other : traffic.mirrors().get(own)) {
        assertThat(ticks.count() - 1).isGreaterThan(tickOf(ticks, other, END));
      }
    }
    // One for each thing that crosses is always enough.
    long crossing =
        Stream.of(traffic.weights(), traffic.replicas(), traffic.uses(), traffic.mirrors())
            .filter(one -> one.stream().anyMatch(sources -> !sources.isEmpty()))
            .count();
    assertThat((long) ticks.count()).isBetween((long) cut.count(), cut.count() + crossing);
  }

  /** For each executor some of the others, as bits. */
  private static List<Set<Integer>> sources(List<Integer> bits, int at) {
    List<Set<Integer>> all = new ArrayList<>();
    for (int executor = 0; executor < EXECUTORS; executor++) {
      int own = executor;
      all.add(
          Set.copyOf(
              IntStream.range(0, EXECUTORS)
                  .filter(other -> other != own && (bits.get(at + own) >> other & 1) == 1)
                  .boxed()
                  .toList()));
    }
    return all;
  }

  private static void assertLater(
      StepTicks ticks, List<Set<Integer>> from, StepPart sends, int executor, StepPart takes) {
    for (int other : from.get(executor)) {
      assertThat(tickOf(ticks, executor, takes)).isGreaterThan(tickOf(ticks, other, sends));
    }
  }

  private static int tickOf(StepTicks ticks, int executor, StepPart part) {
    return IntStream.range(0, ticks.count())
        .filter(tick -> ticks.parts(tick, executor).contains(part))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aStepWithoutWeightsOfItsOwnHasTheTicksOfItsSchedule() {
    Ticks cut = cut("1f1b", 2);
    assertThat(new StepTicks(cut, SliceTraffic.none(EXECUTORS)).count()).isEqualTo(cut.count());
  }

  /** The last stage is done before the first one, and begins later: nothing has to wait for it. */
  @Test
  void whatTheFirstAndTheLastStageShareNeedsNoTickOfItsOwn() {
    Ticks cut = cut("1f1b", 1);
    SliceTraffic traffic = SliceTraffic.of(ONE, TIED, EXECUTORS, stage -> stage);

    StepTicks ticks = new StepTicks(cut, traffic);

    // That of the mirrors.
    assertThat(ticks.count()).isEqualTo(cut.count() + 1);
    assertThat(ticks.parts(0, 0)).containsExactly(FOLLOW, SEND_WEIGHTS, BEGIN, PASS);
    assertThat(ticks.parts(0, 2)).containsExactly(FOLLOW, SEND_WEIGHTS);
    assertThat(ticks.parts(1, 2)).containsExactly(BEGIN);
    assertThat(ticks.parts(cut.count() - 1, 0)).containsExactly(PASS, SHARE, REDUCE, ADD_USES, END);
  }

  /** Replicas begin and end together. */
  @Test
  void weightsAndGradientsOfReplicasHaveTicksOfTheirOwn() {
    Schedule two =
        new Replicated(Schedules.standard().named("1f1b"), 2).schedule(new PipelineShape(2, 4));
    Ticks cut = Ticks.of(two, 1);
    SliceTraffic traffic = SliceTraffic.of(new SliceOwners(1, 2), List.of(), 2, stage -> stage);

    StepTicks ticks = new StepTicks(cut, traffic);

    assertThat(ticks.count()).isEqualTo(1 + cut.count() + 2);
    assertThat(ticks.parts(0, 1)).containsExactly(FOLLOW, SEND_WEIGHTS);
  }

  @Test
  void whoWaitsForWhomIsWhatGoesFromExecutorToExecutor() {
    assertThat(SliceTraffic.of(ONE, TIED, 1, stage -> 0)).isEqualTo(SliceTraffic.none(1));
    SliceTraffic tied = SliceTraffic.of(ONE, TIED, EXECUTORS, stage -> stage);
    assertThat(tied.weights()).containsExactly(Set.of(), Set.of(), Set.of(0));
    assertThat(tied.replicas()).containsOnly(Set.of());
    assertThat(tied.uses()).containsExactly(Set.of(2), Set.of(), Set.of());
    assertThat(tied.mirrors()).containsExactly(Set.of(2), Set.of(0), Set.of(1));
    assertThat(tied.withoutWeights().withoutGradients()).isEqualTo(SliceTraffic.none(EXECUTORS));

    // The first replica has the first stage's weights, the second one those of the second.
    SliceTraffic replicas =
        SliceTraffic.of(
            new SliceOwners(2, 2), List.of(new TiedUse("W", 0, 1, "copy")), 4, stage -> stage);
    assertThat(replicas.weights()).containsExactly(Set.of(), Set.of(0, 3), Set.of(0), Set.of(0));
    assertThat(replicas.replicas()).containsExactly(Set.of(2), Set.of(), Set.of(), Set.of(1));
    assertThat(replicas.uses()).containsExactly(Set.of(3), Set.of(), Set.of(), Set.of());
  }
}
