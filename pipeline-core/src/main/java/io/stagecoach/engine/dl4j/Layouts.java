package io.stagecoach.engine.dl4j;

import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.engine.ParameterLayout.View;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Trainable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** How DL4J flattens parameters. */
final class Layouts {

  private Layouts() {}

  /**
   * The layout of a whole network's flat vector: DL4J's, node by node, in each node's own order.
   *
   * @param names what the nodes are called
   * @param nodes layers and vertices
   */
  static ParameterLayout of(List<String> names, List<? extends Trainable> nodes) {
    List<View> views = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      views.addAll(views(names.get(i), nodes.get(i), Map.of()));
    }
    return inARow(views);
  }

  /**
   * The layout of a stage's flat vector, in which uses of shared parameters are copies.
   *
   * @param nodes the slice's nodes, made
   */
  static ParameterLayout ofStage(
      Dl4jModel model, StageSlice slice, List<? extends Trainable> nodes) {
    List<View> views = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      ModelNode node = slice.nodes().get(i);
      views.addAll(views(node.name(), nodes.get(i), SharedOwners.of(model, node)));
    }
    return inARow(views);
  }

  /**
   * The layout that a stage's flat vector will have: of each node copies of what it shares, then
   * its own.
   *
   * @param whole the whole network's layout
   * @param first the position of the stage's first node
   * @param end the position after its last
   */
  static ParameterLayout ofStage(Dl4jModel model, ParameterLayout whole, int first, int end) {
    List<View> views = new ArrayList<>();
    for (ModelNode node : model.nodes().subList(first, end)) {
      SharedOwners.of(model, node)
          .forEach(
              (own, original) -> {
                View view = named(original, whole);
                views.add(
                    new View(name(node.name(), own), 0, view.length(), view.kind(), original));
              });
      whole.views().stream().filter(view -> isOf(node, view)).forEach(views::add);
    }
    return inARow(views);
  }

  private static boolean isOf(ModelNode node, View view) {
    // Names of nodes may have underscores, those of parameters have none.
    return view.name().substring(0, view.name().lastIndexOf('_')).equals(node.name());
  }

  private static View named(String name, ParameterLayout layout) {
    return layout.views().stream()
        .filter(view -> view.name().equals(name))
        .findFirst()
        .orElseThrow(() -> SharedOwners.missing(name));
  }

  /** A node's parameters; where they begin is not yet known. */
  private static List<View> views(String node, Trainable trainable, Map<String, String> shared) {
    Map<String, INDArray> table = trainable.paramTable(false);
    List<View> views = new ArrayList<>();
    if (table == null) {
      return views;
    }
    for (Map.Entry<String, INDArray> parameter : table.entrySet()) {
      // DL4J's own mark of what is a change rather than a gradient.
      Kind kind =
          trainable.updaterDivideByMinibatch(parameter.getKey()) ? Kind.TRAINABLE : Kind.STATISTIC;
      views.add(
          new View(
              name(node, parameter.getKey()),
              0,
              parameter.getValue().length(),
              kind,
              shared.getOrDefault(parameter.getKey(), "")));
    }
    return views;
  }

  private static ParameterLayout inARow(List<View> views) {
    List<View> placed = new ArrayList<>();
    long offset = 0;
    for (View view : views) {
      placed.add(new View(view.name(), offset, view.length(), view.kind(), view.copyOf()));
      offset += view.length();
    }
    return new ParameterLayout(placed);
  }

  /** What a parameter is called in the model. */
  static String name(String node, String parameter) {
    return node + "_" + parameter;
  }
}
