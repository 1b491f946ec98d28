package io.stagecoach.plan;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Which device should host which stage, where devices differ: a slow one may be given a stage that
 * is light because its neighbour's one heavy layer cannot be divided.
 *
 * <p>By bisection over the time of the slowest stage; whether a time can be kept is found by
 * dynamic programming over (devices used, layers placed), which no cut and no order escapes. Exact,
 * also under a limit of memory and pins. Whether another order is worth it at all is asked first,
 * so that where devices are alike one such question is all that it takes.
 */
public final class DeviceOrder {

  /** Beyond this many devices, with 2 to their number of sets, they stay where they are. */
  private static final int MOST = 12;

  private final int stages;
  private final int layers;
  private final DevicePins pins;

  /** By device: some may hold more than others. */
  private final List<StageRules> rules;

  /** By device, first layer and layers but one. */
  private final long[][][] times;

  /** The same of who keeps only inputs; the very times where no stage may. */
  private final long[][][] timesWithAgain;

  private DeviceOrder(PlanRequest request, DevicePins pins, StageTime times) {
    this.stages = request.stages();
    this.layers = request.model().size();
    this.pins = pins;
    Map<Long, StageRules> byLimit = new HashMap<>();
    this.rules =
        IntStream.range(0, stages)
            .mapToObj(
                device ->
                    byLimit.computeIfAbsent(
                        request.limit(device), limit -> StageRules.onDevice(request, limit)))
            .toList();
    this.times = byRun(times, Stash.ACTIVATIONS);
    this.timesWithAgain =
        IntStream.range(0, stages).anyMatch(s -> request.stashes(s).contains(Stash.INPUTS))
            ? byRun(times, Stash.INPUTS)
            : this.times;
  }

  private long[][][] byRun(StageTime of, Stash stash) {
    long[][][] byRun = new long[stages][layers][];
    for (int device = 0; device < stages; device++) {
      for (int first = 0; first < layers; first++) {
        long[] byLength = new long[layers - first];
        for (int end = first + 1; end <= layers; end++) {
          byLength[end - first - 1] = of.of(device, first, end, stash);
        }
        byRun[device][first] = byLength;
      }
    }
    return byRun;
  }

  /**
   * The device for each stage that, with the best cut for that, makes the slowest stage fastest.
   * Devices stay where they are where no other order is so much better, where they host several
   * stages each, and where they are more than twelve. Where no cut fits as they are, any order in
   * which one does is better.
   *
   * @param pins which stages may be where; as devices are now, all are where they may be
   * @param request with what devices may hold as they are now; with replicas, an order is of those
   *     of all replicas together
   * @param times what layers take on each device, by its number, which is that of its stage now
   * @param leastGain the share of the slowest stage's time that another order must save; 0 where
   *     any gain is welcome
   * @throws StagecoachException of kind {@code PLAN} where no cut fits in any order
   */
  public static List<Integer> best(
      PlanRequest request, DevicePins pins, StageTime times, double leastGain) {
    List<Integer> asTheyAre = IntStream.range(0, request.executors()).boxed().toList();
    if (request.chunks() > 1 || request.stages() > MOST) {
      return asTheyAre;
    }
    DeviceOrder order = new DeviceOrder(request, pins, times);
    long wanted;
    try {
      long now = slowest(Partitioners.measured(times).partition(request), times);
      wanted = Math.min(now - 1, (long) (now * (1 - leastGain)));
      if (!order.isPossible(order.ends(wanted))) {
        return asTheyAre;
      }
    } catch (StagecoachException e) {
      // Where some may hold more than others, another order may be the only way.
      wanted = Long.MAX_VALUE;
      if (e.kind() != ErrorKind.PLAN || !order.isPossible(order.ends(wanted))) {
        throw e;
      }
    }
    long least = order.least(wanted);
    return order.order(order.ends(least), least);
  }

  private static long slowest(Plan plan, StageTime times) {
    long slowest = 0;
    for (int s = 0; s < plan.stages().size(); s++) {
      PlannedStage stage = plan.stages().get(s);
      slowest = Math.max(slowest, times.of(s, stage.firstLayer(), stage.endLayer(), stage.stash()));
    }
    return slowest;
  }

  /** The least time that can be kept, where this one can: it is that of some run of layers. */
  private long least(long possible) {
    long[] candidates =
        Stream.of(times, timesWithAgain)
            .flatMap(Arrays::stream)
            .flatMap(Arrays::stream)
            .flatMapToLong(Arrays::stream)
            .filter(time -> time <= possible)
            .sorted()
            .distinct()
            .toArray();
    int low = 0;
    int high = candidates.length - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (isPossible(ends(candidates[middle]))) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return candidates[high];
  }

  private int all() {
    return (1 << stages) - 1;
  }

  private boolean isPossible(BitSet[] ends) {
    return ends[all()].get(layers);
  }

  /**
   * For every set of devices, after which layers its stages can end when each of them is used once,
   * in any order, for the first layers, and no stage takes longer than {@code bound}.
   */
  private BitSet[] ends(long bound) {
    BitSet[][][] next = new BitSet[stages][stages][];
    for (int stage = 0; stage < stages; stage++) {
      for (int device = 0; device < stages; device++) {
        next[stage][device] = nextEnds(stage, device, bound);
      }
    }
    BitSet[] ends = new BitSet[all() + 1];
    ends[0] = new BitSet(layers + 1);
    ends[0].set(0);
    for (int set = 1; set <= all(); set++) {
      BitSet here = new BitSet(layers + 1);
      int stage = Integer.bitCount(set) - 1;
      for (int device = 0; device < stages; device++) {
        if ((set & 1 << device) != 0) {
          BitSet before = ends[set ^ 1 << device];
          BitSet[] after = next[stage][device];
          for (int at = before.nextSetBit(0); at >= 0; at = before.nextSetBit(at + 1)) {
            here.or(after[at]);
          }
        }
      }
      ends[set] = here;
    }
    return ends;
  }

  /** Where a stage on a device can end, by where it begins; every later stage takes a layer. */
  private BitSet[] nextEnds(int stage, int device, long bound) {
    int last = layers - (stages - stage - 1);
    BitSet[] next = new BitSet[layers + 1];
    for (int first = 0; first <= layers; first++) {
      next[first] = new BitSet(layers + 1);
      for (int end = first + 1; end <= last && mayKeep(stage, device, first, end, bound); end++) {
        next[first].set(end, keeps(stage, device, first, end, bound));
      }
    }
    return next;
  }

  /** Whether a stage keeps to the bound if it does nothing twice; with more layers it is slower. */
  private boolean mayKeep(int stage, int device, int first, int end, long bound) {
    return first >= stage
        && pins.allow(stage, device)
        && times[device][first][end - first - 1] <= bound;
  }

  private boolean keeps(int stage, int device, int first, int end, long bound) {
    StageRules here = rules.get(device);
    if (!mayKeep(stage, device, first, end, bound) || !here.allow(stage, first, end)) {
      return false;
    }
    long[][][] taken = here.stash(stage, first, end) == Stash.INPUTS ? timesWithAgain : times;
    return taken[device][first][end - first - 1] <= bound;
  }

  /** An order that keeps to the bound; from the last stage on, devices that can stay do. */
  private List<Integer> order(BitSet[] ends, long bound) {
    List<Integer> order = new ArrayList<>();
    int set = all();
    int end = layers;
    for (int stage = stages - 1; stage >= 0; stage--) {
      int device = -1;
      int first = -1;
      for (int i = 0; i <= stages && first < 0; i++) {
        device = i == 0 ? stage : i - 1;
        if ((set & 1 << device) != 0) {
          first = first(ends[set ^ 1 << device], stage, device, end, bound);
        }
      }
      order.add(0, device);
      set ^= 1 << device;
      end = first;
    }
    return List.copyOf(order);
  }

  /** Where a stage that ends here can begin, after those of the other devices; -1 for nowhere. */
  private int first(BitSet before, int stage, int device, int end, long bound) {
    int first = before.nextSetBit(0);
    while (first >= 0 && first < end && !keeps(stage, device, first, end, bound)) {
      first = before.nextSetBit(first + 1);
    }
    return first < end ? first : -1;
  }
}
