package io.stagecoach.engine.dl4j;

import io.stagecoach.engine.FinishedGradients;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** What a module has said of gradients before its last backward pass had ended. */
final class ToldGradients implements FinishedGradients {

  private record Told(long from, long to, INDArray then) {}

  private final List<Told> all = new ArrayList<>();

  @Override
  public void finished(INDArray flat, long from, long to) {
    if (from < to) {
      all.add(new Told(from, to, OwnedArrays.copy(flat.get(NDArrayIndex.interval(from, to)))));
    }
  }

  /** How many layers with parameters it was told of. */
  int layers() {
    return all.size();
  }

  /**
   * What was final has stayed, to the bit: all gradients, from the last layer to the first; or
   * none, where none flow.
   */
  void check(INDArray flat) {
    long begin = flat.length();
    for (Told told : all) {
      if (told.to() != begin) {
        throw new AssertionError(told.from() + " to " + told.to() + " before " + begin);
      }
      begin = told.from();
      if (!told.then().equalsWithEps(flat.get(NDArrayIndex.interval(begin, told.to())), 0)) {
        throw new AssertionError("gradients " + begin + " to " + told.to() + " have changed");
      }
    }
    if (begin > 0 && !all.isEmpty()) {
      throw new AssertionError("nothing was said of those before " + begin);
    }
  }
}
