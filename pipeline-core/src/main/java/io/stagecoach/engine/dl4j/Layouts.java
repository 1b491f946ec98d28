package io.stagecoach.engine.dl4j;

import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.engine.ParameterLayout.View;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** How DL4J flattens parameters. */
final class Layouts {

  private Layouts() {}

  /**
   * The layout of some layers' flat vector: DL4J's, layer by layer, in each layer's own order.
   *
   * @param firstLayer the index in the whole model of the first of them
   */
  static ParameterLayout of(Layer[] layers, int firstLayer) {
    List<View> views = new ArrayList<>();
    long offset = 0;
    for (int i = 0; i < layers.length; i++) {
      Map<String, INDArray> table = layers[i].paramTable(false);
      if (table == null) {
        continue;
      }
      for (Map.Entry<String, INDArray> parameter : table.entrySet()) {
        long length = parameter.getValue().length();
        // DL4J's own mark of what is a change rather than a gradient.
        Kind kind =
            layers[i].updaterDivideByMinibatch(parameter.getKey())
                ? Kind.TRAINABLE
                : Kind.STATISTIC;
        views.add(new View((firstLayer + i) + "_" + parameter.getKey(), offset, length, kind));
        offset += length;
      }
    }
    return new ParameterLayout(views);
  }
}
