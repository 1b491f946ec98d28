package io.stagecoach.spark.cluster;

import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Columns of micro-batches that come with the driver's order, not from the batch store. */
final class GivenColumns {

  private static final String PREFIX = "given.";

  private GivenColumns() {}

  /** The columns of all micro-batches, by names under which they travel. */
  static Map<String, INDArray> pack(List<Tensors> microBatches) {
    Map<String, INDArray> packed = new LinkedHashMap<>();
    for (int m = 0; m < microBatches.size(); m++) {
      String prefix = PREFIX + m + ".";
      microBatches.get(m).asMap().forEach((name, array) -> packed.put(prefix + name, array));
    }
    return packed;
  }

  /**
   * What was packed, as views of what came; none where nothing was.
   *
   * @param microBatches how many micro-batches the step has
   */
  static List<Tensors> unpack(Tensors came, int microBatches) {
    if (came.names().stream().noneMatch(name -> name.startsWith(PREFIX))) {
      return List.of();
    }
    List<Tensors> given = new ArrayList<>();
    for (int m = 0; m < microBatches; m++) {
      given.add(Tensors.viewsOf(came.under(PREFIX + m + "."), () -> {}));
    }
    return given;
  }
}
