package io.stagecoach.engine.dl4j;

import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What a model puts out, found among what its last stage gives. */
public final class ModelOutputs {

  private record Output(String tensor, boolean isTimeInTheMiddle) {}

  private final List<Output> outputs = new ArrayList<>();

  /** The outputs of a model. */
  public ModelOutputs(Dl4jModel model) {
    boolean isOnly = model.outputs().size() == 1;
    for (String name : model.outputs()) {
      boolean timeInTheMiddle =
          model.nodes().stream()
              .filter(node -> node.name().equals(name))
              .flatMap(node -> node.layer().stream())
              .anyMatch(ModelOutputs::isTimeInTheMiddle);
      outputs.add(
          new Output(isOnly ? Boundary.ACTIVATIONS : Boundary.predictions(name), timeInTheMiddle));
    }
  }

  /**
   * Finds them.
   *
   * @param last what the last stage gave for a micro-batch
   * @return views of each output, in DL4J's order, [examples, values] or [examples, values, time]
   */
  public List<INDArray> of(Tensors last) {
    return outputs.stream()
        .map(output -> timeLast(last.get(output.tensor()), output.isTimeInTheMiddle()))
        .toList();
  }

  static boolean isTimeInTheMiddle(Layer output) {
    return (output instanceof RnnOutputLayer layer && layer.getRnnDataFormat() == RNNFormat.NWC)
        || (output instanceof RnnLossLayer loss && loss.getRnnDataFormat() == RNNFormat.NWC);
  }

  static INDArray timeLast(INDArray output, boolean isTimeInTheMiddle) {
    return isTimeInTheMiddle ? output.permute(0, 2, 1) : output;
  }
}
