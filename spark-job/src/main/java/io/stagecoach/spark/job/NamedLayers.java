package io.stagecoach.spark.job;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.LayerPin;
import io.stagecoach.plan.LayerPins;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.spark.config.Nearest;
import io.stagecoach.spark.config.PinnedLayers;
import io.stagecoach.spark.config.Settings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Finds a model's layers by their index or their name. */
final class NamedLayers {

  private final Map<String, Integer> byName = new LinkedHashMap<>();

  NamedLayers(ModelCosts model) {
    for (LayerCost layer : model.layers()) {
      byName.putIfAbsent(layer.name(), layer.index());
    }
  }

  /**
   * The pins that somebody has written, for this model.
   *
   * @throws StagecoachException CONFIGURATION where one is for layers that the model does not have
   */
  LayerPins pins(List<PinnedLayers> written) {
    return new LayerPins(written.stream().map(this::pin).toList());
  }

  private LayerPin pin(PinnedLayers pin) {
    String layers = pin.layers();
    OptionalInt one = find(layers);
    if (one.isPresent()) {
      return new LayerPin(pin.words(), one.getAsInt(), one.getAsInt(), pin.stage());
    }
    // Names may have hyphens too.
    for (int at = layers.indexOf('-'); at >= 0; at = layers.indexOf('-', at + 1)) {
      OptionalInt first = find(layers.substring(0, at));
      OptionalInt last = find(layers.substring(at + 1));
      if (first.isPresent() && last.isPresent()) {
        if (first.getAsInt() > last.getAsInt()) {
          throw refused(pin, "a range that ends before it begins");
        }
        return new LayerPin(pin.words(), first.getAsInt(), last.getAsInt(), pin.stage());
      }
    }
    throw refused(
        pin,
        "and the model has no layer \""
            + layers
            + "\""
            + Nearest.to(layers, byName.keySet())
                .map(nearest -> "; the nearest is \"" + nearest + "\"")
                .orElse(""));
  }

  private OptionalInt find(String layer) {
    String word = layer.strip();
    if (byName.containsKey(word)) {
      return OptionalInt.of(byName.get(word));
    }
    return word.matches("\\d{1,9}") ? OptionalInt.of(Integer.parseInt(word)) : OptionalInt.empty();
  }

  private static StagecoachException refused(PinnedLayers pin, String why) {
    return new StagecoachException(
        ErrorKind.CONFIGURATION,
        Settings.PIN_LAYERS.key() + " has \"" + pin.words() + "\", " + why,
        "`stagecoach plan` shows the layers with their indices and names.");
  }
}
