package io.stagecoach.plan;

import java.util.Locale;
import java.util.Optional;
import java.util.function.IntToLongFunction;
import java.util.function.LongFunction;
import java.util.stream.IntStream;

/**
 * What the pace of a pipeline depends on by its plan.
 *
 * @param stage the slowest stage, whether or not hops are slower still
 * @param sentence a sentence for people, without its end
 */
public record Bottleneck(int stage, String sentence) {

  /**
   * What it is.
   *
   * @param times what is known of times; without them operations count
   */
  static Bottleneck of(Plan plan, Optional<PlanTimes> times) {
    IntToLongFunction ofStage =
        times.isPresent() ? times.get()::stage : s -> plan.stages().get(s).operations();
    IntToLongFunction ofLayer =
        times.isPresent()
            ? times.get().layers()::get
            : layer -> plan.model().layers().get(layer).operations();
    int slowest = most(0, plan.stages().size(), ofStage);
    PlannedStage stage = plan.stages().get(slowest);
    long whole = IntStream.range(0, plan.stages().size()).mapToLong(ofStage).sum();
    LongFunction<String> amount =
        times.isPresent()
            ? nanos -> millis(nanos) + " ms"
            : operations -> share(operations, whole) + " of the compute";
    StringBuilder text = new StringBuilder();
    if (times.isPresent() && times.get().hop() > ofStage.applyAsLong(slowest)) {
      text.append("the hops, ").append(millis(times.get().hop())).append(" ms each, then ");
    }
    text.append("stage ")
        .append(slowest)
        .append(", ")
        .append(amount.apply(ofStage.applyAsLong(slowest)))
        .append(times.isPresent() ? " of each micro-batch" : "")
        .append(" (the mean of the stages is ")
        .append(
            times.isPresent()
                ? millis(whole / plan.stages().size()) + " ms"
                : share(1, plan.stages().size()))
        .append(')');
    int heaviest = most(stage.firstLayer(), stage.endLayer(), ofLayer);
    if (stage.layers() == 1) {
      text.append(": one layer, which cannot be divided");
    } else {
      long ofStagesLayers =
          IntStream.range(stage.firstLayer(), stage.endLayer()).mapToLong(ofLayer).sum();
      text.append(", ")
          .append(share(ofLayer.applyAsLong(heaviest), ofStagesLayers))
          .append(" of it layer ")
          .append(plan.model().layers().get(heaviest).words());
    }
    return new Bottleneck(slowest, text.toString());
  }

  /** The first of those with the most. */
  private static int most(int from, int end, IntToLongFunction of) {
    int most = from;
    for (int i = from + 1; i < end; i++) {
      most = of.applyAsLong(i) > of.applyAsLong(most) ? i : most;
    }
    return most;
  }

  static String millis(long nanos) {
    double millis = nanos / 1e6;
    return String.format(
        Locale.ROOT, millis < 10 ? "%.3f" : millis < 100 ? "%.1f" : "%,.0f", millis);
  }

  static String share(long part, long whole) {
    return whole == 0 ? "-" : String.format(Locale.ROOT, "%.1f %%", 100.0 * part / whole);
  }
}
