package io.stagecoach.model.optimizer;

import java.util.Objects;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.shade.jackson.annotation.JsonAutoDetect;
import org.nd4j.shade.jackson.annotation.JsonAutoDetect.Visibility;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * A learning rate that rises by the same amount each step to its peak, and then falls to its
 * minimum. A DL4J schedule: with this class on the class path plain DL4J loads and follows it.
 *
 * <p>In step i after the first, from 0, the rate is {@code peak (i + 1) / warmupSteps} while i is
 * less than {@code warmupSteps}; then {@code minimum + (peak - minimum) share(p)} with p = (i -
 * warmupSteps) / (decaySteps - warmupSteps), at most 1.
 */
@JsonAutoDetect(
    fieldVisibility = Visibility.ANY,
    getterVisibility = Visibility.NONE,
    isGetterVisibility = Visibility.NONE)
public final class WarmupSchedule implements ISchedule {

  private static final long serialVersionUID = 1L;

  private final double peak;
  private final long firstStep;
  private final long warmupSteps;
  private final LearningRateDecay decay;
  private final long decaySteps;
  private final double minimum;

  /**
   * @param peak the largest rate
   * @param firstStep the iteration at which the warm-up begins
   * @param warmupSteps how many steps the rate rises; 0 for none
   * @param decay how it falls afterwards
   * @param decaySteps after how many steps, the warm-up among them, it is at its minimum
   * @param minimum the rate from there on
   */
  @JsonCreator
  public WarmupSchedule(
      @JsonProperty("peak") double peak,
      @JsonProperty("firstStep") long firstStep,
      @JsonProperty("warmupSteps") long warmupSteps,
      @JsonProperty("decay") LearningRateDecay decay,
      @JsonProperty("decaySteps") long decaySteps,
      @JsonProperty("minimum") double minimum) {
    this.peak = peak;
    this.firstStep = firstStep;
    this.warmupSteps = warmupSteps;
    this.decay = Objects.requireNonNull(decay, "decay");
    this.decaySteps = decaySteps;
    this.minimum = minimum;
  }

  /** The largest rate. */
  public double peak() {
    return peak;
  }

  @Override
  public double valueAt(int iteration, int epoch) {
    long step = Math.max(0, iteration - firstStep);
    if (step < warmupSteps) {
      return peak * (step + 1) / warmupSteps;
    }
    long whole = decaySteps - warmupSteps;
    double progress = whole <= 0 ? 1 : Math.min(1, (double) (step - warmupSteps) / whole);
    return minimum + (peak - minimum) * decay.share(progress);
  }

  /** Itself: it cannot change. */
  @Override
  @SuppressWarnings("MethodDoesntCallSuperMethod")
  public WarmupSchedule clone() {
    return this;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof WarmupSchedule that
        && peak == that.peak
        && firstStep == that.firstStep
        && warmupSteps == that.warmupSteps
        && decay == that.decay
        && decaySteps == that.decaySteps
        && minimum == that.minimum;
  }

  @Override
  public int hashCode() {
    return Objects.hash(peak, firstStep, warmupSteps, decay, decaySteps, minimum);
  }

  @Override
  public String toString() {
    return String.format(
        "warm-up over %d steps to %s, decay %s to %s at step %d, from iteration %d",
        warmupSteps, peak, decay.word(), minimum, decaySteps, firstStep);
  }
}
