package io.stagecoach.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class TicksTest {

  @Provide
  Arbitrary<Schedule> schedules() {
    return Combinators.combine(
            Arbitraries.of(Schedules.standard().names()),
            Arbitraries.integers().between(1, 5),
            Arbitraries.integers().between(1, 12),
            Arbitraries.integers().between(1, 3))
        .as(
            (name, e, m, v) -> {
              boolean chunked = name.equals("interleaved-1f1b") || name.equals("looped-bfs");
              int chunks = chunked ? v : 1;
              return Schedules.standard()
                  .named(name)
                  .schedule(new PipelineShape(e * chunks, m, chunks));
            });
  }

  @Property(tries = 300)
  void everyActionComesOnceInOrderAndHopsGoOnToLaterTicks(
      @ForAll("schedules") Schedule schedule, @ForAll @IntRange(min = 1, max = 4) int passes) {
    Ticks ticks = Ticks.of(schedule, passes);
    Map<String, Integer> sent = new HashMap<>();
    List<List<Action>> all = new ArrayList<>();
    schedule.executors().forEach(e -> all.add(new ArrayList<>()));
    for (int tick = 0; tick < ticks.count(); tick++) {
      for (int e = 0; e < all.size(); e++) {
        Map<String, Integer> taken = new HashMap<>();
        for (Action action : ticks.runs().get(tick).get(e)) {
          all.get(e).add(action);
          if (action.code().startsWith("S")) {
            sent.put(hop(action), tick);
          } else if (action.code().startsWith("R")) {
            int sender = action.stage() + (action.code().equals("RA") ? -1 : 1);
            int latest = schedule.executorOf(sender) == e ? tick : tick - 1;
            assertThat(sent.get(hop(action)))
                .as(action.text())
                .isNotNull()
                .isLessThanOrEqualTo(latest);
          } else if (!action.code().equals("W")) {
            taken.merge((action.code().equals("F") ? "F" : "B") + action.stage(), 1, Integer::sum);
          }
        }
        assertThat(taken.values()).allMatch(count -> count <= passes);
      }
    }
    assertThat(all).isEqualTo(schedule.executors());
  }

  private static String hop(Action action) {
    int lower =
        switch (action.code()) {
          case "SA", "RG" -> action.stage();
          default -> action.stage() - 1;
        };
    return action.code().charAt(1) + "" + lower + "." + action.microBatch();
  }

  /** Against all ways of cutting, where there are few. */
  @Property(tries = 60)
  void thereIsNoCutOfFewerTicks(
      @ForAll("schedules") Schedule schedule, @ForAll @IntRange(min = 1, max = 2) int passes) {
    if (schedule.executors().stream().mapToInt(List::size).sum() > 30) {
      return;
    }
    assertThat(Ticks.of(schedule, passes).count()).isEqualTo(fewest(schedule, passes));
  }

  /** Breadth first over how far each executor has come, any run within the bounds taken. */
  private static int fewest(Schedule schedule, int passes) {
    int executors = schedule.executors().size();
    Set<List<Integer>> reached = new HashSet<>();
    reached.add(new ArrayList<>(Collections.nCopies(executors, 0)));
    List<Integer> all = schedule.executors().stream().map(List::size).toList();
    for (int ticks = 0; ; ticks++) {
      if (reached.contains(all)) {
        return ticks;
      }
      Set<List<Integer>> further = new HashSet<>();
      for (List<Integer> at : reached) {
        List<List<Integer>> choices = List.of(List.of());
        for (int e = 0; e < executors; e++) {
          List<List<Integer>> longer = new ArrayList<>();
          for (int to : ends(schedule, passes, at, e)) {
            for (List<Integer> choice : choices) {
              List<Integer> one = new ArrayList<>(choice);
              one.add(to);
              longer.add(one);
            }
          }
          choices = longer;
        }
        further.addAll(choices);
      }
      reached = further;
    }
  }

  private static List<Integer> ends(Schedule schedule, int passes, List<Integer> at, int e) {
    Set<String> sent = new HashSet<>();
    for (int x = 0; x < at.size(); x++) {
      for (Action action : schedule.executors().get(x).subList(0, at.get(x))) {
        if (action.code().startsWith("S")) {
          sent.add(hop(action));
        }
      }
    }
    List<Integer> ends = new ArrayList<>(List.of(at.get(e)));
    Map<String, Integer> taken = new HashMap<>();
    List<Action> actions = schedule.executors().get(e);
    for (int i = at.get(e); i < actions.size(); i++) {
      Action action = actions.get(i);
      String code = action.code();
      if (code.startsWith("R") && !sent.contains(hop(action))) {
        break;
      }
      if (code.startsWith("S")) {
        int receiver = action.stage() + (code.equals("SA") ? 1 : -1);
        if (schedule.executorOf(receiver) == e) {
          sent.add(hop(action));
        }
      }
      if (List.of("F", "B", "I").contains(code)
          && taken.merge((code.equals("F") ? "F" : "B") + action.stage(), 1, Integer::sum)
              > passes) {
        break;
      }
      ends.add(i + 1);
    }
    return ends;
  }

  /** Two stages: M + 2 ticks of 1F1B, since a tick has room for one of each kind of pass. */
  @Test
  void oneForwardOneBackwardTakesFewTicks() {
    Schedule schedule = new OneForwardOneBackward().schedule(new PipelineShape(2, 8));
    Ticks ticks = Ticks.of(schedule, 1);
    assertThat(ticks.count()).isEqualTo(8 + 2);
    // The lockstep loses nothing but the ticks' own time.
    StageCosts even = StageCosts.equal(2, 10, 20, 0);
    assertThat(ticks.makespan(even, 0)).isEqualTo(new ClosedForm(2, 8).makespan(10, 20));
    assertThat(ticks.makespan(even, 5)).isEqualTo(ticks.makespan(even, 0) + 10 * 5);
  }

  @Test
  void dearTicksAreFew() {
    Schedule schedule = new OneForwardOneBackward().schedule(new PipelineShape(2, 8));
    StageCosts even = StageCosts.equal(2, 10, 20, 0);
    assertThat(Ticks.cheapest(schedule, even, 0).passes()).isEqualTo(1);
    Ticks few = Ticks.cheapest(schedule, even, 100_000);
    assertThat(few.count()).isLessThan(10);
    long least =
        Arrays.stream(new int[] {1, 2, 4, 8})
            .mapToLong(passes -> Ticks.of(schedule, passes).makespan(even, 70))
            .min()
            .orElseThrow();
    assertThat(Ticks.cheapest(schedule, even, 70).makespan(even, 70)).isEqualTo(least);
  }
}
