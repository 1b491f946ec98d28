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
   * The layout of some nodes' flat vector: DL4J's, node by node, in each node's own order.
   *
   * @param names what the nodes are called in the whole model
   * @param nodes layers and vertices
   */
  static ParameterLayout of(List<String> names, List<? extends Trainable> nodes) {
    List<View> views = new ArrayList<>();
    long offset = 0;
    for (int i = 0; i < nodes.size(); i++) {
      Map<String, INDArray> table = nodes.get(i).paramTable(false);
      if (table == null) {
        continue;
      }
      for (Map.Entry<String, INDArray> parameter : table.entrySet()) {
        long length = parameter.getValue().length();
        // DL4J's own mark of what is a change rather than a gradient.
        Kind kind =
            nodes.get(i).updaterDivideByMinibatch(parameter.getKey())
                ? Kind.TRAINABLE
                : Kind.STATISTIC;
        views.add(new View(names.get(i) + "_" + parameter.getKey(), offset, length, kind));
        offset += length;
      }
    }
    return new ParameterLayout(views);
  }
}
