package io.stagecoach.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.Assume;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Whether pins can be kept, against every cut that there is. */
class LayerPinsProperties {

  private static final Pattern QUOTED = Pattern.compile("\"([^\"]+)\"");

  private static boolean canBeKept(List<LayerPin> pins, int layers, int stages, int executors) {
    return Pins.cuts(layers, stages).stream().anyMatch(Pins.kept(pins, executors));
  }

  private static StagecoachException refusal(
      List<LayerPin> pins, int layers, int stages, int executors) {
    return catchThrowableOfType(
        StagecoachException.class, () -> new LayerPins(pins).check(layers, stages, executors));
  }

  /** A refusal names pins of which each one is needed for it: two of them, with one stage each. */
  @Property(tries = 3000)
  void pinsAreRefusedWhereNoCutKeepsThem(
      @ForAll @IntRange(min = 1, max = 9) int layers,
      @ForAll @IntRange(min = 1, max = 5) int executors,
      @ForAll @IntRange(min = 1, max = 3) int chunks,
      @ForAll Random random) {
    int stages = executors * chunks;
    Assume.that(stages <= layers);
    List<LayerPin> pins = new ArrayList<>(Pins.some(layers, stages, executors, random));
    pins.addAll(Pins.some(layers, stages, executors, random));

    StagecoachException refusal = refusal(pins, layers, stages, executors);

    assertThat(refusal == null).isEqualTo(canBeKept(pins, layers, stages, executors));
    if (refusal == null) {
      return;
    }
    assertThat(refusal.kind()).isEqualTo(ErrorKind.CONFIGURATION);
    List<LayerPin> guilty = new ArrayList<>();
    Matcher named = QUOTED.matcher(refusal.what());
    while (named.find()) {
      guilty.add(
          pins.stream().filter(pin -> pin.text().equals(named.group(1))).findFirst().orElseThrow());
    }
    assertThat(canBeKept(guilty, layers, stages, executors)).as("%s", guilty).isFalse();
    for (LayerPin pin : guilty) {
      List<LayerPin> others = new ArrayList<>(guilty);
      others.remove(pin);
      assertThat(canBeKept(others, layers, stages, executors)).as("without %s", pin).isTrue();
    }
    if (chunks == 1) {
      assertThat(guilty).hasSizeLessThanOrEqualTo(2);
    }
  }

  @Example
  void aRefusalNamesThePins() {
    List<LayerPin> pins =
        List.of(
            new LayerPin("0-3:0", 0, 3, 0),
            new LayerPin("attention:1", 7, 7, 1),
            new LayerPin("5:2", 5, 5, 2));
    assertThat(refusal(pins, 9, 3, 3))
        .hasMessage(
            "The pins \"attention:1\" and \"5:2\" contradict each other: no contiguous cut of 9"
                + " layers into 3 stages keeps both. Correct spark.stagecoach.pin.layers;"
                + " `stagecoach plan` shows the layers.");
    assertThat(refusal(List.of(new LayerPin("1:2", 1, 1, 2)), 9, 3, 3))
        .hasMessageContaining("The pin \"1:2\" is impossible: no contiguous cut of 9 layers");
    assertThat(refusal(List.of(new LayerPin("7-9:2", 7, 9, 2)), 9, 3, 3))
        .hasMessageContaining("\"7-9:2\" is for layer 9, and the model's last is 8");
    assertThat(refusal(List.of(new LayerPin("1:3", 1, 1, 3)), 9, 6, 3))
        .hasMessageContaining("\"1:3\" is for stage 3, and the last is 2");
    assertThat(refusal(List.of(new LayerPin("4:0", 4, 4, 0)), 9, 6, 3)).isNull();
  }
}
