package io.stagecoach.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;

/** Pins made up, and looked after by going through every cut that there is. */
final class Pins {

  private Pins() {}

  /** Up to four pins, most of which some cut or other keeps, so that many go together. */
  static List<LayerPin> some(int layers, int stages, int executors, Random random) {
    List<List<Integer>> cuts = cuts(layers, stages);
    List<Integer> cut = cuts.get(random.nextInt(cuts.size()));
    List<LayerPin> pins = new ArrayList<>();
    for (int i = random.nextInt(5); i > 0; i--) {
      int first = random.nextInt(layers);
      int last = Math.min(layers - 1, first + random.nextInt(2));
      int stage =
          random.nextInt(8) == 0 ? random.nextInt(executors) : stageOf(first, cut) % executors;
      String text = (first == last ? "" + first : first + "-" + last) + ":" + stage;
      pins.add(new LayerPin(text, first, last, stage));
    }
    return pins;
  }

  /** The stage that has a layer. */
  private static int stageOf(int layer, List<Integer> cut) {
    int stage = 0;
    while (stage + 1 < cut.size() && cut.get(stage + 1) <= layer) {
      stage++;
    }
    return stage;
  }

  /** Whether a cut keeps all pins. */
  static Predicate<List<Integer>> kept(List<LayerPin> pins, int executors) {
    return cut -> {
      for (LayerPin pin : pins) {
        for (int layer = pin.first(); layer <= pin.last(); layer++) {
          if (stageOf(layer, cut) % executors != pin.stage()) {
            return false;
          }
        }
      }
      return true;
    };
  }

  /** Whether a cut keeps all pins. */
  static Predicate<List<Integer>> kept(LayerPins pins, int executors) {
    return kept(pins.all(), executors);
  }

  /** Every cut that there is: the first layer of each stage. */
  static List<List<Integer>> cuts(int layers, int stages) {
    List<List<Integer>> found = new ArrayList<>();
    extend(new ArrayList<>(List.of(0)), layers, stages, found);
    return found;
  }

  private static void extend(
      List<Integer> cuts, int layers, int stages, List<List<Integer>> found) {
    if (cuts.size() == stages) {
      found.add(List.copyOf(cuts));
      return;
    }
    for (int next = cuts.get(cuts.size() - 1) + 1; next < layers; next++) {
      cuts.add(next);
      extend(cuts, layers, stages, found);
      cuts.remove(cuts.size() - 1);
    }
  }
}
