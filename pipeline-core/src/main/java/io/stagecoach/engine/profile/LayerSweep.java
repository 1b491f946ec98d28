package io.stagecoach.engine.profile;

import io.stagecoach.batch.MicroBatchSource;
import io.stagecoach.batch.Slice;
import io.stagecoach.engine.Forward;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.SplitBackward;
import io.stagecoach.engine.StageEngine;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/**
 * Measures all layers of a model once, each as a stage of its own with real examples. First all
 * layers forward, then all backward, one layer at a time: it holds one layer's weights and the
 * activations between the layers, never the whole model. One thread calls it.
 *
 * <p>Of each size some rounds are run and the median is taken, after one to warm up. Where the time
 * would not suffice, there are fewer rounds, and the largest sizes are left out.
 */
final class LayerSweep {

  private static final int MOST_ROUNDS = 5;

  /** The first passes of a layer grow memory. */
  private static final int WARM_UP_ROUNDS = 1;

  /** Layers that take long have fewer rounds, for there to be more sweeps in the same time. */
  private static final long ENOUGH_NANOS = 40_000_000;

  /** A round is forward, backward, forward and the halves; backward takes up to thrice forward. */
  private static final int WORST_ROUND = 8;

  private final StageEngine engine;
  private final String model;
  private final int layers;
  private final long seed;
  private final MicroBatchSource source;
  private final LongSupplier nanoClock;
  private int attempt;

  /** Of what {@link LayerProfiler} is made of. */
  LayerSweep(
      StageEngine engine,
      String model,
      int layers,
      long seed,
      MicroBatchSource source,
      LongSupplier nanoClock) {
    this.engine = engine;
    this.model = model;
    this.layers = layers;
    this.seed = seed;
    this.source = source;
    this.nanoClock = nanoClock;
  }

  /**
   * Measures.
   *
   * @param rows the sizes of micro-batches, ascending
   * @param slice the examples of a micro-batch of that size
   * @param nanos about how long it may take; the smallest size is measured in any case
   * @return the sizes that were measured, ascending
   */
  List<SizeTimes> run(List<Integer> rows, IntFunction<Slice> slice, long nanos) {
    long end = nanoClock.getAsLong() + nanos;
    List<Sized> sizes = new ArrayList<>();
    try {
      rows.forEach(count -> sizes.add(new Sized(count, slice.apply(count))));
      forwards(sizes, nanos);
      dropLargest(sizes, size -> WORST_ROUND * size.work(), (end - nanoClock.getAsLong()) / 2);
      backwards(sizes, end);
      return sizes.stream().map(size -> new SizeTimes(size.rows, size.measured())).toList();
    } finally {
      sizes.forEach(Sized::close);
    }
  }

  /** One size: what lies between its layers, and what was measured. */
  private static final class Sized {

    private final int rows;
    private final Slice slice;

    /** What each layer gets from the one before; taken back as gradients go down. */
    private final List<Tensors> inputs = new ArrayList<>(List.of(Tensors.none()));

    private final List<PassTimes> times = new ArrayList<>();
    private Tensors gradients = Tensors.none();
    private long forwardNanos;

    Sized(int rows, Slice slice) {
      this.rows = rows;
      this.slice = slice;
    }

    /** Its share of all work: all layers forward but the last. */
    long work() {
      return Math.max(1, forwardNanos);
    }

    void gradients(Tensors made) {
      gradients.close();
      gradients = made;
    }

    /** The layers were measured from the last to the first. */
    List<PassTimes> measured() {
      List<PassTimes> inOrder = new ArrayList<>(times);
      Collections.reverse(inOrder);
      return inOrder;
    }

    void close() {
      gradients(Tensors.none());
      inputs.forEach(Tensors::close);
      inputs.clear();
    }
  }

  /** Runs all layers but the last forward, for what goes into each. */
  private void forwards(List<Sized> sizes, long nanos) {
    for (int layer = 0; layer < layers - 1; layer++) {
      int at = layer;
      try (StageModule module = open(layer)) {
        each(sizes, module, size -> forward(module, at, size));
      }
      double toCome = (layers - 1.0) / (layer + 1);
      dropLargest(sizes, size -> (long) (toCome * size.work()), nanos / 4);
    }
  }

  private void forward(StageModule module, int layer, Sized size) {
    begin(module);
    try (Tensors own = columns(module, size)) {
      long start = nanoClock.getAsLong();
      Forward result = module.forward(0, size.inputs.get(layer).and(own));
      size.forwardNanos += nanoClock.getAsLong() - start;
      size.inputs.add(result.outputs());
      // What the module holds of the pass is dropped before its inputs are.
      begin(module);
    }
  }

  /** Measures all layers, from the last to the first. */
  private void backwards(List<Sized> sizes, long end) {
    for (int layer = layers - 1; layer >= 0; layer--) {
      int at = layer;
      try (StageModule module = open(layer)) {
        each(
            sizes,
            module,
            size -> {
              // As much of the time that is left as it is of the work that is left.
              double part = (double) size.work() / workLeft(sizes, at, size);
              long left = Math.max(0, end - nanoClock.getAsLong());
              measure(module, at, size, (long) (part * left));
            });
      }
    }
  }

  private static long workLeft(List<Sized> sizes, int layersLeft, Sized from) {
    long all = sizes.stream().mapToLong(Sized::work).sum();
    long here = sizes.stream().skip(sizes.indexOf(from)).mapToLong(Sized::work).sum();
    return layersLeft * all + here;
  }

  /** Does something for each size; where memory does not suffice, the largest are left out. */
  private void each(List<Sized> sizes, StageModule module, Consumer<Sized> work) {
    for (int i = 0; i < sizes.size(); i++) {
      try {
        work.accept(sizes.get(i));
      } catch (OutOfMemoryError e) {
        if (i == 0) {
          throw e;
        }
        begin(module);
        while (sizes.size() > i) {
          sizes.remove(sizes.size() - 1).close();
        }
      }
    }
  }

  private static void dropLargest(List<Sized> sizes, ToLongFunction<Sized> cost, long nanos) {
    while (sizes.size() > 1 && cost.applyAsLong(sizes.get(sizes.size() - 1)) > nanos) {
      sizes.remove(sizes.size() - 1).close();
    }
  }

  private void measure(StageModule module, int layer, Sized size, long nanos) {
    try (Tensors own = columns(module, size)) {
      size.times.add(measure(module, layer, size, size.inputs.get(layer).and(own), nanos));
      // What the module holds of the last pass is dropped before its inputs are.
      begin(module);
    }
    size.inputs.remove(layer).close();
  }

  private PassTimes measure(StageModule module, int layer, Sized size, Tensors inputs, long nanos) {
    long[][] times = new long[4][MOST_ROUNDS];
    long begin = nanoClock.getAsLong();
    int rounds = 0;
    Optional<SplitBackward> split = module.splitBackward();
    Tensors made = Tensors.none();
    for (int round = 0; round < WARM_UP_ROUNDS + MOST_ROUNDS; round++) {
      long spent = nanoClock.getAsLong() - begin;
      if ((rounds > 0 && spent > nanos) || (round > WARM_UP_ROUNDS && spent > ENOUGH_NANOS)) {
        break;
      }
      // A warm-up round's times are written over by the next one's.
      int at = Math.max(0, round - WARM_UP_ROUNDS);
      rounds = at + 1;
      begin(module);
      long start = nanoClock.getAsLong();
      module.forward(0, inputs).outputs().close();
      long middle = nanoClock.getAsLong();
      made.close();
      made = module.backward(0, size.gradients);
      times[0][at] = middle - start;
      times[1][at] = nanoClock.getAsLong() - middle;
      if (split.isPresent()) {
        module.forward(1, inputs).outputs().close();
        start = nanoClock.getAsLong();
        split.get().backwardInput(1, size.gradients).close();
        middle = nanoClock.getAsLong();
        split.get().backwardWeights(1);
        times[2][at] = middle - start;
        times[3][at] = nanoClock.getAsLong() - middle;
      }
    }
    size.gradients(layer == 0 ? closed(made) : made);
    return new PassTimes(
        median(times[0], rounds),
        median(times[1], rounds),
        median(times[2], rounds),
        median(times[3], rounds));
  }

  private static Tensors closed(Tensors tensors) {
    tensors.close();
    return Tensors.none();
  }

  private StageModule open(int layer) {
    return engine.open(
        new StageSpec(model, layer, layers, layer, layer + 1, 1, Recompute.NONE, seed));
  }

  private void begin(StageModule module) {
    module.beginStep(new StepContext(0, attempt++, 0, 2, Mode.TRAINING, false));
  }

  private Tensors columns(StageModule module, Sized size) {
    Set<String> columns = module.dataColumns();
    return columns.isEmpty() ? Tensors.none() : source.read(size.slice, columns);
  }

  private static long median(long[] times, int count) {
    long[] sorted = Arrays.copyOf(times, count);
    Arrays.sort(sorted);
    return sorted[count / 2];
  }
}
