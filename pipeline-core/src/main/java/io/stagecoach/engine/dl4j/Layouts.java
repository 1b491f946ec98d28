package io.stagecoach.engine.dl4j;

import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.engine.ParameterLayout.View;
import io.stagecoach.model.SharedParameter;
import io.stagecoach.model.SharesParameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.nd4j.linalg.api.ndarray.INDArray;

/** How DL4J flattens parameters. */
final class Layouts {

  private Layouts() {}

  /** The layout of a whole network's flat vector: DL4J's, layer by layer, in each layer's order. */
  static ParameterLayout of(Layer[] layers) {
    return of(layers, 0, List.of());
  }

  /**
   * The layout of some layers' flat vector.
   *
   * @param firstLayer the index in the whole model of the first of them
   * @param model the whole model, where owners of shared parameters are looked up; may be empty
   *     where the layers share none
   */
  static ParameterLayout of(
      Layer[] layers, int firstLayer, List<? extends NeuralNetConfiguration> model) {
    List<View> views = new ArrayList<>();
    long offset = 0;
    for (int i = 0; i < layers.length; i++) {
      Map<String, INDArray> table = layers[i].paramTable(false);
      if (table == null) {
        continue;
      }
      Map<String, SharedParameter> shared = shared(layers[i].conf());
      for (Map.Entry<String, INDArray> parameter : table.entrySet()) {
        long length = parameter.getValue().length();
        // DL4J's own mark of what is a change rather than a gradient.
        Kind kind =
            layers[i].updaterDivideByMinibatch(parameter.getKey())
                ? Kind.TRAINABLE
                : Kind.STATISTIC;
        SharedParameter original = shared.get(parameter.getKey());
        views.add(
            new View(
                name(firstLayer + i, parameter.getKey()),
                offset,
                length,
                kind,
                original == null ? "" : name(SharedOwners.of(original, model), original)));
        offset += length;
      }
    }
    return new ParameterLayout(views);
  }

  /**
   * The layout that a stage's flat vector will have: copies of what a layer shares, then its own.
   *
   * @param whole the whole network's layout
   * @param model the whole network's layers
   * @param firstLayer the stage's first layer
   * @param endLayer the layer after its last
   */
  static ParameterLayout ofStage(
      ParameterLayout whole,
      List<? extends NeuralNetConfiguration> model,
      int firstLayer,
      int endLayer) {
    List<View> views = new ArrayList<>();
    long offset = 0;
    for (int layer = firstLayer; layer < endLayer; layer++) {
      for (View view : viewsOf(layer, whole, model)) {
        views.add(new View(view.name(), offset, view.length(), view.kind(), view.copyOf()));
        offset += view.length();
      }
    }
    return new ParameterLayout(views);
  }

  private static List<View> viewsOf(
      int layer, ParameterLayout whole, List<? extends NeuralNetConfiguration> model) {
    List<View> views = new ArrayList<>();
    new TreeMap<>(shared(model.get(layer)))
        .forEach(
            (own, original) -> {
              String copied = name(SharedOwners.of(original, model), original);
              View view = named(copied, whole);
              views.add(new View(name(layer, own), 0, view.length(), view.kind(), copied));
            });
    String prefix = name(layer, "");
    whole.views().stream().filter(view -> view.name().startsWith(prefix)).forEach(views::add);
    return views;
  }

  private static View named(String name, ParameterLayout layout) {
    return layout.views().stream()
        .filter(view -> view.name().equals(name))
        .findFirst()
        .orElseThrow(() -> SharedOwners.missing(name));
  }

  private static Map<String, SharedParameter> shared(NeuralNetConfiguration configuration) {
    return configuration != null && configuration.getLayer() instanceof SharesParameters sharing
        ? sharing.sharedParameters()
        : Map.of();
  }

  private static String name(int layer, SharedParameter shared) {
    return name(layer, shared.parameter());
  }

  private static String name(int layer, String parameter) {
    return layer + "_" + parameter;
  }
}
