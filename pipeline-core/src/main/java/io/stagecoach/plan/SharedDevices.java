package io.stagecoach.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Looks for the best cut, and for what each stage keeps, where several stages share a device, or
 * executors mirror the slices of their neighbours, so that whether a stage fits depends on others.
 * Goes from stage to stage, and of all ways to the same place keeps those that no other way beats
 * in everything: slowest stage, what is done again, bytes sent, every device's memory so far, and
 * an earlier beginning of its stages.
 *
 * <p>Exact while no place has more than {@link #MOST_WAYS} such ways; beyond that the best so far
 * go on, so that the effort stays bounded and a better cut may be missed.
 */
final class SharedDevices {

  private static final int MOST_WAYS = 64;

  /** The order in which cuts are preferred; the last word is that stages begin early. */
  private static final Comparator<Way> PREFERENCE =
      Comparator.comparingLong(Way::slowest)
          .thenComparingLong(Way::again)
          .thenComparingLong(Way::sent)
          .thenComparing(SharedDevices::earlier);

  private final PlanRequest request;
  private final LayerRule rules;
  private final StageTime times;

  /** Which layers a stage may have, whatever else is on its device. */
  @FunctionalInterface
  interface LayerRule {

    /** Whether it may have those from {@code first} to before {@code end}. */
    boolean allow(int stage, int first, int end);
  }

  /**
   * A way to cut the first layers.
   *
   * @param cuts the first layer of each stage so far
   * @param stashes what each of them keeps
   * @param slowest the time of its slowest stage
   * @param again the time of what its stages do twice
   * @param sent the bytes that cross its cuts
   * @param held the bytes that each executor holds, as far as that can still change
   */
  private record Way(
      List<Integer> cuts,
      List<Stash> stashes,
      long slowest,
      long again,
      long sent,
      List<Long> held) {}

  /**
   * @param rules which layers each stage may have
   * @param times what a stage takes
   */
  SharedDevices(PlanRequest request, LayerRule rules, StageTime times) {
    this.request = request;
    this.rules = rules;
    this.times = times;
  }

  /** The best plan; none where none was found that fits. */
  Optional<Plan> best(String partitioner) {
    int layers = request.model().size();
    int stages = request.stages();
    List<List<Way>> ways = nowhere(layers);
    ways.get(0).add(new Way(List.of(), List.of(), 0, 0, 0, boxed(request.noneHeld())));
    for (int s = 0; s < stages; s++) {
      List<List<Way>> next = nowhere(layers);
      for (int first = s; first <= layers - (stages - s); first++) {
        if (!ways.get(first).isEmpty()) {
          int mostEnd = layers - (stages - s - 1);
          for (int end = s == stages - 1 ? layers : first + 1; end <= mostEnd; end++) {
            if (rules.allow(s, first, end)) {
              for (Stash stash : request.stashes(s)) {
                extend(ways.get(first), s, first, end, stash, next.get(end));
              }
            }
          }
        }
      }
      for (List<Way> toHere : next) {
        keepUnbeaten(toHere);
      }
      ways = next;
    }
    return ways.get(layers).stream()
        .min(PREFERENCE)
        .map(way -> Plan.of(partitioner, request, way.cuts(), way.stashes()));
  }

  private void extend(List<Way> ways, int stage, int first, int end, Stash stash, List<Way> to) {
    long time = times.of(stage, first, end, stash);
    long again = time - times.of(stage, first, end);
    StageCost cost = request.model().stage(first, end);
    for (Way way : ways) {
      long[] held = way.held().stream().mapToLong(Long::longValue).toArray();
      request.hold(held, cost, stash, stage);
      if (!request.isWithin(held)) {
        continue;
      }
      // What no further stage adds to is not compared.
      for (int executor = 0; executor < held.length; executor++) {
        if (request.isFull(executor, stage)) {
          held[executor] = 0;
        }
      }
      long sent = way.sent() + (end < request.model().size() ? request.model().bytesInto(end) : 0);
      to.add(
          new Way(
              with(way.cuts(), first),
              with(way.stashes(), stash),
              Math.max(way.slowest(), time),
              way.again() + again,
              sent,
              boxed(held)));
    }
  }

  private static List<Long> boxed(long[] held) {
    return Arrays.stream(held).boxed().toList();
  }

  private static <T> List<T> with(List<T> list, T last) {
    List<T> longer = new ArrayList<>(list);
    longer.add(last);
    return longer;
  }

  private static void keepUnbeaten(List<Way> ways) {
    ways.sort(PREFERENCE);
    List<Way> kept = new ArrayList<>();
    for (Way way : ways) {
      if (kept.size() < MOST_WAYS && kept.stream().noneMatch(other -> beats(other, way))) {
        kept.add(way);
      }
    }
    ways.clear();
    ways.addAll(kept);
  }

  /** Whether, whatever follows, one is at least as good. */
  private static boolean beats(Way one, Way other) {
    if (one.slowest() > other.slowest()
        || one.again() > other.again()
        || one.sent() > other.sent()
        || earlier(one, other) > 0) {
      return false;
    }
    for (int executor = 0; executor < one.held().size(); executor++) {
      if (one.held().get(executor) > other.held().get(executor)) {
        return false;
      }
    }
    return true;
  }

  private static int earlier(Way one, Way other) {
    for (int s = 0; s < one.cuts().size(); s++) {
      int order = Integer.compare(one.cuts().get(s), other.cuts().get(s));
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  private static List<List<Way>> nowhere(int layers) {
    List<List<Way>> places = new ArrayList<>();
    for (int place = 0; place <= layers; place++) {
      places.add(new ArrayList<>());
    }
    return places;
  }
}
