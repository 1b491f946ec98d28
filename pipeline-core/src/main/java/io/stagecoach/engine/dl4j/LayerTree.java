package io.stagecoach.engine.dl4j;

import java.util.List;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;

/** The layers that a layer's configuration wraps. */
final class LayerTree {

  private LayerTree() {}

  /** The layers directly inside, in a fixed order; none for an ordinary layer. */
  static List<Layer> inner(Layer layer) {
    if (layer instanceof FrozenLayer frozen) {
      return List.of(frozen.getLayer());
    }
    if (layer instanceof BaseWrapperLayer wrapper) {
      return List.of(wrapper.getUnderlying());
    }
    if (layer instanceof Bidirectional both) {
      return List.of(both.getFwd(), both.getBwd());
    }
    return List.of();
  }

  /** Whether a layer, or one inside it, has a constraint that is applied after each update. */
  static boolean isConstrained(Layer layer) {
    return (layer.getConstraints() != null && !layer.getConstraints().isEmpty())
        || inner(layer).stream().anyMatch(LayerTree::isConstrained);
  }
}
