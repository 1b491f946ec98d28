package io.stagecoach.plan;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Looks for the best cut where several stages share a device, so that whether a stage fits depends
 * on what was put on its device before. Goes from stage to stage, and of all ways to the same place
 * keeps those that no other way beats in everything: heaviest stage, bytes sent, every device's
 * memory so far, and an earlier beginning of its stages.
 *
 * <p>Exact while no place has more than {@link #MOST_WAYS} such ways; beyond that the best so far
 * go on, so that the effort stays bounded and a better cut may be missed.
 */
final class SharedDevices {

  private static final int MOST_WAYS = 64;

  /** The order in which cuts are preferred; the last word is that stages begin early. */
  private static final Comparator<Way> PREFERENCE =
      Comparator.comparingLong(Way::heaviest)
          .thenComparingLong(Way::sent)
          .thenComparing(SharedDevices::earlier);

  private final PlanRequest request;
  private final StageRules rules;
  private final StageTime weights;

  /**
   * A way to cut the first layers.
   *
   * @param cuts the first layer of each stage so far
   * @param heaviest the weight of its heaviest stage
   * @param sent the bytes that cross its cuts
   * @param held the bytes that each device holds
   */
  private record Way(List<Integer> cuts, long heaviest, long sent, List<Long> held) {}

  /**
   * @param rules what each stage may have, whatever else is on its device
   * @param weights what a stage weighs
   */
  SharedDevices(PlanRequest request, StageRules rules, StageTime weights) {
    this.request = request;
    this.rules = rules;
    this.weights = weights;
  }

  /** The first layer of each stage; none where no cut was found that fits. */
  Optional<List<Integer>> bestCut() {
    int layers = request.model().size();
    int stages = request.stages();
    List<List<Way>> ways = nowhere(layers);
    ways.get(0).add(new Way(List.of(), 0, 0, noneHeld()));
    for (int s = 0; s < stages; s++) {
      List<List<Way>> next = nowhere(layers);
      for (int first = s; first <= layers - (stages - s); first++) {
        if (!ways.get(first).isEmpty()) {
          int mostEnd = layers - (stages - s - 1);
          for (int end = s == stages - 1 ? layers : first + 1; end <= mostEnd; end++) {
            if (rules.allow(s, first, end)) {
              extend(ways.get(first), s, first, end, next.get(end));
            }
          }
        }
      }
      for (List<Way> toHere : next) {
        keepUnbeaten(toHere);
      }
      ways = next;
    }
    return ways.get(layers).stream().min(PREFERENCE).map(Way::cuts);
  }

  private void extend(List<Way> ways, int stage, int first, int end, List<Way> to) {
    long weight = weights.of(stage, first, end);
    long needs = request.estimate(request.model().stage(first, end), stage).total();
    int device = stage % request.executors();
    for (Way way : ways) {
      long held = way.held().get(device) + needs;
      if (held > request.limitBytes()) {
        continue;
      }
      List<Integer> cuts = new ArrayList<>(way.cuts());
      cuts.add(first);
      List<Long> all = new ArrayList<>(way.held());
      // What no further stage will share is not compared.
      all.set(device, stage + request.executors() < request.stages() ? held : 0L);
      long sent = way.sent() + (end < request.model().size() ? request.model().bytesInto(end) : 0);
      to.add(new Way(cuts, Math.max(way.heaviest(), weight), sent, all));
    }
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
    if (one.heaviest() > other.heaviest() || one.sent() > other.sent() || earlier(one, other) > 0) {
      return false;
    }
    for (int device = 0; device < one.held().size(); device++) {
      if (one.held().get(device) > other.held().get(device)) {
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

  private List<Long> noneHeld() {
    return Collections.nCopies(request.executors(), 0L);
  }

  private static List<List<Way>> nowhere(int layers) {
    List<List<Way>> places = new ArrayList<>();
    for (int place = 0; place <= layers; place++) {
      places.add(new ArrayList<>());
    }
    return places;
  }
}
