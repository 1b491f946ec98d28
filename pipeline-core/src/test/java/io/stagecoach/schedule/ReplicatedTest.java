package io.stagecoach.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.batch.Blocks;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ReplicatedTest {

  @Provide
  Arbitrary<ScheduleAuthor> authors() {
    return Arbitraries.of(
        new GPipe(),
        new OneForwardOneBackward(),
        new EagerOneForwardOneBackward(),
        new ZeroBubbleH1(),
        new ForwardOnly(),
        new InterleavedOneForwardOneBackward(),
        new LoopedBreadthFirst());
  }

  private static int chunks(ScheduleAuthor author) {
    return author.name().matches("interleaved-1f1b|looped-bfs") ? 2 : 1;
  }

  @Property(tries = 300)
  void eachReplicaDoesWhatOnePipelineDoesWithItsMicroBatches(
      @ForAll("authors") ScheduleAuthor author,
      @ForAll @IntRange(min = 1, max = 4) int executors,
      @ForAll @IntRange(min = 1, max = 4) int replicas,
      @ForAll @IntRange(min = 1, max = 12) int microBatches) {
    int chunks = chunks(author);
    int stages = executors * chunks;
    PipelineShape shape = new PipelineShape(replicas * stages, microBatches, chunks);
    Replicated all = new Replicated(author, replicas);
    Schedule schedule = all.schedule(shape);
    Blocks blocks = new Blocks(microBatches, replicas);

    assertThat(schedule.executors()).hasSize(replicas * executors);
    for (int replica = 0; replica < replicas; replica++) {
      List<List<Action>> mine =
          schedule.executors().subList(replica * executors, (replica + 1) * executors);
      if (blocks.size(replica) == 0) {
        assertThat(mine).allMatch(List::isEmpty);
        continue;
      }
      int stage = -replica * stages;
      int first = -blocks.first(replica);
      assertThat(mine.stream().map(list -> shifted(list, stage, first)).toList())
          .isEqualTo(
              author.schedule(new PipelineShape(stages, blocks.size(replica), chunks)).executors());
    }
    assertThat(Schedule.parse(schedule.text())).isEqualTo(schedule);
    assertThat(Lowering.lower(schedule).executors())
        .as("what one long pipeline would do is more")
        .satisfies(
            lists -> {
              if (replicas > 1) {
                assertThat(lists).isNotEqualTo(schedule.executors());
              }
            });

    StageCosts costs = StageCosts.equal(stages, 3, 5, 2);
    Simulation together = Simulator.simulate(schedule, costs.replicated(replicas));
    assertThat(together.makespan())
        .as("replicas do not wait for one another")
        .isEqualTo(Simulator.simulate(author.schedule(all.longest(shape)), costs).makespan());
    assertThat(Ticks.of(schedule, 1).count())
        .isEqualTo(Ticks.of(author.schedule(all.longest(shape)), 1).count());
    for (int hosts = 1; hosts <= replicas * executors; hosts++) {
      Schedule gathered = FewerExecutors.gather(schedule, hosts);
      assertThat(Ticks.of(gathered, 1).count()).as("on %d hosts", hosts).isPositive();
      assertThat(gathered.peakStash()).isEqualTo(schedule.peakStash());
    }
  }

  private static List<Action> shifted(List<Action> actions, int stages, int microBatches) {
    return actions.stream().map(action -> action.shifted(stages, microBatches)).toList();
  }

  @Test
  void costsOfReplicasAreTheirMean() {
    StageCosts one = new StageCosts(List.of(1L, 3L), List.of(4L, 6L), List.of(2L, 3L), 7);
    assertThat(one.replicated(3).ofOne(3)).isEqualTo(one);
    assertThat(one.replicated(3).forward()).containsExactly(1L, 3L, 1L, 3L, 1L, 3L);
    StageCosts two =
        new StageCosts(
            List.of(1L, 3L, 5L, 9L), List.of(4L, 6L, 8L, 2L), List.of(0L, 0L, 2L, 2L), 7);
    assertThat(two.ofOne(2))
        .isEqualTo(new StageCosts(List.of(3L, 6L), List.of(6L, 4L), List.of(1L, 1L), 7));
  }

  @Test
  void slowHopsTuneAllReplicasAlike() {
    Replicated eager = new Replicated(new EagerOneForwardOneBackward(), 2);
    StageCosts slow = StageCosts.equal(4, 10, 10, 40);
    PipelineShape shape = new PipelineShape(4, 8);
    assertThat(eager.tunedTo(slow).schedule(shape))
        .isEqualTo(new Replicated(eager.pipeline().tunedTo(slow.ofOne(2)), 2).schedule(shape))
        .isNotEqualTo(eager.schedule(shape));
    Replicated gpipe = new Replicated(new GPipe(), 2);
    assertThat(gpipe.tunedTo(slow)).isSameAs(gpipe);
    assertThat(gpipe.closedFormBubble(new PipelineShape(4, 8)))
        .isEqualTo(new GPipe().closedFormBubble(new PipelineShape(2, 4)));
  }

  @Test
  void stagesMustBeSharedOutEvenly() {
    assertThatThrownBy(() -> new Replicated(new GPipe(), 2).schedule(new PipelineShape(3, 4)))
        .hasMessageContaining("3 stages, 2 replicas");
  }
}
