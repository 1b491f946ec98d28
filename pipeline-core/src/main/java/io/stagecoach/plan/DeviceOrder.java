package io.stagecoach.plan;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Which device should host which stage, where devices differ: a slow one may be given a stage that
 * is light because its neighbour's one heavy layer cannot be divided.
 *
 * <p>By bisection over the time of the slowest stage; whether a time can be kept is found by
 * dynamic programming over (devices used, layers placed), which no cut and no order escapes. Exact,
 * also under a limit of memory.
 */
public final class DeviceOrder {

  /** Beyond this many devices, with 2 to their number of sets, they stay where they are. */
  private static final int MOST = 12;

  private final PlanRequest request;
  private final StageTime times;
  private final MemoryLimit limit;

  private DeviceOrder(PlanRequest request, StageTime times) {
    this.request = request;
    this.times = times;
    this.limit = MemoryLimit.of(request);
  }

  /**
   * The device for each stage that, with the best cut for that, makes the slowest stage fastest.
   * Devices stay where they are where no other order is better, where they host several stages
   * each, and where they are more than twelve.
   *
   * @param times what layers take on each device, by its number, which is that of its stage now
   * @throws io.stagecoach.error.StagecoachException of kind {@code PLAN} where no cut fits
   */
  public static List<Integer> best(PlanRequest request, StageTime times) {
    List<Integer> asTheyAre = IntStream.range(0, request.executors()).boxed().toList();
    if (request.chunks() > 1 || request.stages() > MOST) {
      return asTheyAre;
    }
    long now = slowest(Partitioners.measured(times).partition(request), times);
    DeviceOrder order = new DeviceOrder(request, times);
    long least = order.least(now);
    return least == now ? asTheyAre : order.order(order.ends(least), least);
  }

  private static long slowest(Plan plan, StageTime times) {
    long slowest = 0;
    for (int s = 0; s < plan.stages().size(); s++) {
      PlannedStage stage = plan.stages().get(s);
      slowest = Math.max(slowest, times.of(s, stage.firstLayer(), stage.endLayer()));
    }
    return slowest;
  }

  private long least(long possible) {
    long low = 0;
    long high = possible;
    while (low < high) {
      long middle = low + (high - low) / 2;
      if (ends(middle)[all()].get(request.model().size())) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  private int all() {
    return (1 << request.stages()) - 1;
  }

  /**
   * For every set of devices, after which layers its stages can end when each of them is used once,
   * in any order, for the first layers, and no stage takes longer than {@code bound}.
   */
  private BitSet[] ends(long bound) {
    BitSet[] ends = new BitSet[all() + 1];
    for (int set = 0; set <= all(); set++) {
      ends[set] = new BitSet();
    }
    ends[0].set(0);
    for (int set = 0; set < all(); set++) {
      int stage = Integer.bitCount(set);
      BitSet here = ends[set];
      for (int first = here.nextSetBit(0); first >= 0; first = here.nextSetBit(first + 1)) {
        for (int device = 0; device < request.stages(); device++) {
          if ((set & 1 << device) == 0) {
            extend(stage, device, first, bound, ends[set | 1 << device]);
          }
        }
      }
    }
    return ends;
  }

  private void extend(int stage, int device, int first, long bound, BitSet to) {
    int last = request.model().size() - (request.stages() - stage - 1);
    for (int end = first + 1; end <= last && times.of(device, first, end) <= bound; end++) {
      if (limit.fits(stage, first, end)) {
        to.set(end);
      }
    }
  }

  /** An order that keeps to the bound; from the last stage on, devices that can stay do. */
  private List<Integer> order(BitSet[] ends, long bound) {
    List<Integer> order = new ArrayList<>();
    int set = all();
    int end = request.model().size();
    for (int stage = request.stages() - 1; stage >= 0; stage--) {
      int device = -1;
      int first = -1;
      for (int i = 0; i <= request.stages() && first < 0; i++) {
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
    while (first >= 0
        && first < end
        && !(times.of(device, first, end) <= bound && limit.fits(stage, first, end))) {
      first = before.nextSetBit(first + 1);
    }
    return first < end ? first : -1;
  }
}
