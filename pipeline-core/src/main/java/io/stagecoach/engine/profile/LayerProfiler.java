package io.stagecoach.engine.profile;

import io.stagecoach.batch.MicroBatchSource;
import io.stagecoach.batch.Slice;
import io.stagecoach.engine.StageEngine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;

/**
 * Measures a model layer by layer, each as a stage of its own with real examples. One thread calls
 * it; it never holds more of the model than one layer.
 *
 * <p>All layers are measured again and again, until they no longer get faster or the time is up,
 * and of each the fastest counts. A process that has just begun runs code that is not compiled yet,
 * several times slower, and whatever is measured first would look the slowest; and what else a
 * machine does can only make a pass longer.
 *
 * <p>Where the time does not suffice for all sizes once, the largest are left out: {@link
 * LayerTimes} says what follows for them.
 */
public final class LayerProfiler {

  /** A sweep that leaves more than this of what all layers took has brought nothing. */
  private static final double NO_GAIN = 0.97;

  /** So many of them in a row end it: a disturbance looks like one, too. */
  private static final int WITHOUT_GAIN = 2;

  private final LayerSweep sweep;
  private final LongSupplier nanoClock;

  /**
   * @param engine builds the layers
   * @param model the whole model's configuration, in the engine's own form
   * @param layers how many layers it has
   * @param seed what random masks are drawn from
   * @param source where the examples are; stays the caller's
   * @param nanoClock a monotonic clock in nanoseconds
   */
  public LayerProfiler(
      StageEngine engine,
      String model,
      int layers,
      long seed,
      MicroBatchSource source,
      LongSupplier nanoClock) {
    this.sweep = new LayerSweep(engine, model, layers, seed, source, nanoClock);
    this.nanoClock = nanoClock;
  }

  /**
   * Measures.
   *
   * @param rows the sizes of micro-batches, ascending
   * @param slice the examples of a micro-batch of that size
   * @param budget about how long it may take; the smallest size is measured once in any case
   */
  public LayerTimes profile(List<Integer> rows, IntFunction<Slice> slice, Duration budget) {
    long end = nanoClock.getAsLong() + budget.toNanos();
    List<Integer> sizes = rows;
    List<SizeTimes> fastest = List.of();
    int withoutGain = 0;
    long took;
    do {
      long begin = nanoClock.getAsLong();
      List<SizeTimes> now = sweep.run(sizes, slice, Math.max(0, end - begin));
      // What was left out once would be left out again.
      sizes = now.stream().map(SizeTimes::rows).toList();
      List<SizeTimes> better = fastest(fastest, now);
      boolean gain = fastest.isEmpty() || total(better) < NO_GAIN * total(fastest);
      withoutGain = gain ? 0 : withoutGain + 1;
      fastest = better;
      took = nanoClock.getAsLong() - begin;
    } while (withoutGain < WITHOUT_GAIN && nanoClock.getAsLong() + took / 2 <= end);
    return new LayerTimes(fastest);
  }

  /**
   * What all layers take together, on the average of as many sweeps as there is time for: what
   * disturbs a device counts, for it is a part of what the device gives.
   *
   * @param slice the examples of a micro-batch
   * @param warmUp about how long Java has before for compiling what they run: while it does, they
   *     may keep a pace for seconds, and then be twice as fast
   * @param measured about how long it is measured; once in any case
   */
  public PassTimes average(Slice slice, Duration warmUp, Duration measured) {
    long begin = nanoClock.getAsLong() + warmUp.toNanos();
    while (nanoClock.getAsLong() < begin) {
      sweep(slice, warmUp.toNanos());
    }
    long end = nanoClock.getAsLong() + measured.toNanos();
    PassTimes all = PassTimes.NONE;
    int sweeps = 0;
    do {
      all = all.plus(sweep(slice, Math.max(0, end - nanoClock.getAsLong())));
      sweeps++;
    } while (nanoClock.getAsLong() < end);
    return all.times(1.0 / sweeps);
  }

  /** All layers together, once. */
  private PassTimes sweep(Slice slice, long nanos) {
    return sweep.run(List.of(slice.rows()), rows -> slice, nanos).get(0).layers().stream()
        .reduce(PassTimes.NONE, PassTimes::plus);
  }

  private static List<SizeTimes> fastest(List<SizeTimes> before, List<SizeTimes> now) {
    List<SizeTimes> merged = new ArrayList<>(before.isEmpty() ? now : before);
    for (int i = 0; i < Math.min(before.size(), now.size()); i++) {
      merged.set(i, before.get(i).fastest(now.get(i)));
    }
    return merged;
  }

  /** What all layers take at all sizes, in nanoseconds. */
  private static long total(List<SizeTimes> sizes) {
    return sizes.stream().flatMap(size -> size.layers().stream()).mapToLong(PassTimes::total).sum();
  }
}
