package io.stagecoach.engine.dl4j;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A whole saved network that predicts, without gradients or updater state. Any number of threads
 * may use it: each gets a network of DL4J's for the time of a call, and all share the weights.
 */
public final class SavedNetwork implements AutoCloseable {

  /** A network of DL4J's, of either kind. */
  private interface Predictor {
    INDArray[] output(INDArray[] inputs);
  }

  /** Makes one more on the same weights. */
  private interface PredictorFactory {
    Predictor make();
  }

  private final INDArray parameters;
  private final PredictorFactory factory;
  private final List<Boolean> timeInTheMiddle;
  private final Queue<Predictor> idle = new ConcurrentLinkedQueue<>();

  private SavedNetwork(
      INDArray parameters, PredictorFactory factory, List<Layer> outputs, Predictor first) {
    this.parameters = parameters;
    this.factory = factory;
    this.timeInTheMiddle =
        outputs.stream()
            .map(layer -> ModelOutputs.isTimeInTheMiddle(layer.conf().getLayer()))
            .toList();
    idle.add(first);
  }

  /**
   * Loads a network with DL4J.
   *
   * @param zip what {@code ModelSerializer} has written
   * @throws StagecoachException MODEL if the file is not there or is not such a zip
   */
  public static SavedNetwork open(Path zip) {
    File file = zip.toFile();
    try {
      return Dl4jModel.parse(Dl4jModelFile.configurationOf(zip)) instanceof GraphModel
          ? of(ModelSerializer.restoreComputationGraph(file, false))
          : of(ModelSerializer.restoreMultiLayerNetwork(file, false));
    } catch (StagecoachException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw new StagecoachException(
          ErrorKind.MODEL,
          "Cannot read the model " + zip + ": " + e.getMessage(),
          Where.nowhere(),
          "Give a zip that ModelSerializer or Stagecoach has written.",
          e);
    }
  }

  private static SavedNetwork of(MultiLayerNetwork network) {
    // A configuration keeps what its network last did: through JSON each has its own.
    String json = network.getLayerWiseConfigurations().toJson();
    INDArray parameters = network.params();
    return new SavedNetwork(
        parameters,
        () -> {
          MultiLayerNetwork other = new MultiLayerNetwork(MultiLayerConfiguration.fromJson(json));
          other.init(parameters, false);
          return predictor(other);
        },
        List.of(network.getOutputLayer()),
        predictor(network));
  }

  private static Predictor predictor(MultiLayerNetwork network) {
    return inputs -> new INDArray[] {network.output(inputs[0], false)};
  }

  private static SavedNetwork of(ComputationGraph graph) {
    String json = graph.getConfiguration().toJson();
    INDArray parameters = graph.params();
    List<Layer> outputs = new ArrayList<>();
    graph.getConfiguration().getNetworkOutputs().forEach(name -> outputs.add(graph.getLayer(name)));
    return new SavedNetwork(
        parameters,
        () -> {
          ComputationGraph other =
              new ComputationGraph(ComputationGraphConfiguration.fromJson(json));
          other.init(parameters, false);
          return predictor(other);
        },
        outputs,
        predictor(graph));
  }

  private static Predictor predictor(ComputationGraph graph) {
    return inputs -> graph.output(false, inputs);
  }

  /**
   * What the network makes of some examples; borrows them.
   *
   * @param inputs the features of each input, in DL4J's order, examples along the first axis
   * @return each output, in DL4J's order, [examples, values] or [examples, values, time], for the
   *     caller to close
   */
  public List<INDArray> output(List<INDArray> inputs) {
    Predictor predictor = idle.poll();
    if (predictor == null) {
      predictor = factory.make();
    }
    INDArray[] outputs = predictor.output(inputs.toArray(INDArray[]::new));
    idle.add(predictor);
    List<INDArray> ordered = new ArrayList<>();
    for (int i = 0; i < outputs.length; i++) {
      ordered.add(ModelOutputs.timeLast(outputs[i], timeInTheMiddle.get(i)));
    }
    return ordered;
  }

  /** What the calling thread keeps for its next call is given back. */
  public static void releaseThread() {
    Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();
  }

  /** Gives the weights back; nobody may be predicting. */
  @Override
  public void close() {
    idle.clear();
    if (parameters.closeable()) {
      parameters.close();
    }
  }
}
