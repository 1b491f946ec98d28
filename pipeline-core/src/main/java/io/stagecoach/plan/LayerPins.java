package io.stagecoach.plan;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Which layers somebody wants on which executors of a pipeline. */
public final class LayerPins {

  /** Every layer may be anywhere. */
  public static final LayerPins NONE = new LayerPins(List.of());

  private final List<LayerPin> pins;

  /**
   * @param pins in any order; they may overlap where they agree
   */
  public LayerPins(List<LayerPin> pins) {
    this.pins = List.copyOf(pins);
  }

  /** All of them, as they were given. */
  public List<LayerPin> all() {
    return pins;
  }

  /** Whether there are none. */
  public boolean isEmpty() {
    return pins.isEmpty();
  }

  /**
   * Whether a stage may have the layers from {@code first} to before {@code end}. Since every layer
   * is in some stage, a cut of which this holds throughout keeps all pins.
   *
   * @param executors how many executors host the stages: stage s is on executor s mod executors
   */
  boolean allow(int stage, int first, int end, int executors) {
    int executor = stage % executors;
    for (LayerPin pin : pins) {
      if (pin.stage() != executor && pin.first() < end && pin.last() >= first) {
        return false;
      }
    }
    return true;
  }

  /** A pin that a cut does not keep, if there is one. */
  Optional<LayerPin> broken(List<PlannedStage> stages, int executors) {
    for (int s = 0; s < stages.size(); s++) {
      for (LayerPin pin : pins) {
        boolean hasSome =
            pin.first() < stages.get(s).endLayer() && pin.last() >= stages.get(s).firstLayer();
        if (hasSome && pin.stage() != s % executors) {
          return Optional.of(pin);
        }
      }
    }
    return Optional.empty();
  }

  /**
   * Makes sure that there is a contiguous cut that keeps all pins, whatever it needs of memory.
   *
   * @throws StagecoachException of kind {@code CONFIGURATION} where there is none: with as few pins
   *     as cannot be kept together
   */
  void check(int layers, int stages, int executors) {
    for (LayerPin pin : pins) {
      if (pin.last() >= layers) {
        throw refused(
            "The pin \""
                + pin.text()
                + "\" is for layer "
                + pin.last()
                + ", and the model's last is "
                + (layers - 1));
      }
      if (pin.stage() >= executors) {
        throw refused(
            "The pin \""
                + pin.text()
                + "\" is for stage "
                + pin.stage()
                + ", and the last is "
                + (executors - 1));
      }
    }
    if (!canBeKept(pins, layers, stages, executors)) {
      throw contradiction(layers, stages, executors);
    }
  }

  /** Goes through the layers once, with the stages that each may be in when all before it are. */
  private static boolean canBeKept(List<LayerPin> pins, int layers, int stages, int executors) {
    BitSet here = new BitSet(stages);
    here.set(0);
    for (int layer = 0; layer < layers; layer++) {
      if (layer > 0) {
        BitSet further = BitSet.valueOf(here.toLongArray());
        here.stream().filter(s -> s + 1 < stages).forEach(s -> further.set(s + 1));
        here = further;
      }
      for (LayerPin pin : pins) {
        if (pin.holds(layer)) {
          for (int s = here.nextSetBit(0); s >= 0; s = here.nextSetBit(s + 1)) {
            here.set(s, s % executors == pin.stage());
          }
        }
      }
    }
    return here.get(stages - 1);
  }

  /**
   * Leaves out every pin without which the others still cannot be kept: what is left is to blame.
   */
  private StagecoachException contradiction(int layers, int stages, int executors) {
    List<LayerPin> guilty = new ArrayList<>(pins);
    for (LayerPin pin : pins) {
      List<LayerPin> others = new ArrayList<>(guilty);
      others.remove(pin);
      if (!canBeKept(others, layers, stages, executors)) {
        guilty = others;
      }
    }
    String cut = "no contiguous cut of " + layers + " layers into " + stages + " stages keeps ";
    if (guilty.size() == 1) {
      return refused(
          "The pin \""
              + guilty.get(0).text()
              + "\" is impossible: "
              + cut
              + "it, for every stage has a layer, and layers stay in their order");
    }
    String all =
        guilty.stream().map(pin -> "\"" + pin.text() + "\"").collect(Collectors.joining(" and "));
    return refused(
        "The pins "
            + all
            + " contradict each other: "
            + cut
            + (guilty.size() == 2 ? "both" : "them all"));
  }

  private static StagecoachException refused(String what) {
    return new StagecoachException(
        ErrorKind.CONFIGURATION,
        what,
        "Correct spark.stagecoach.pin.layers; `stagecoach plan` shows the layers.");
  }

  /** As they were written, with commas between. */
  @Override
  public String toString() {
    return pins.stream().map(LayerPin::text).collect(Collectors.joining(","));
  }
}
