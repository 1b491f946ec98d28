package io.stagecoach.engine.dl4j;

import io.stagecoach.batch.Columns;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.engine.ParameterLayout.View;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.layers.RecurrentLayer;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The reference: plain DL4J training of the uncut network on one machine, which accumulates the
 * same micro-batches in ascending order, with the same keyed random masks and DL4J's own updater.
 * Nothing of it goes through the engine's own forward, backward or update.
 */
public final class UncutTrainer implements AutoCloseable {

  private final MultiLayerNetwork network;
  private final ParameterLayout layout;
  private final RandomKey key;
  private final boolean truncated;
  private final Map<Integer, List<Map<String, INDArray>>> states = new HashMap<>();
  private INDArray sum;

  /**
   * @param json the configuration, whose seed draws the weights
   * @param seed what random masks are keyed by
   */
  public UncutTrainer(String json, long seed) {
    MultiLayerConfiguration configuration = MultiLayerConfiguration.fromJson(json);
    key = new RandomKey(seed);
    for (int i = 0; i < configuration.getConfs().size(); i++) {
      KeyedRandomness.install(configuration.getConf(i).getLayer(), i, key);
    }
    network = new MultiLayerNetwork(configuration);
    network.init();
    network.initGradientsView();
    layout = new WholeLayers(network).layout();
    truncated = configuration.getBackpropType() == BackpropType.TruncatedBPTT;
    if (truncated) {
      for (int i = 0; i < network.getnLayers(); i++) {
        if (network.getLayer(i) instanceof RecurrentLayer) {
          network.getLayers()[i] = new CarryingLayer(network.getLayer(i));
        }
      }
    }
  }

  /**
   * A recurrent layer whose backward pass starts from the carried state. DL4J's {@code fit} runs it
   * from zeros, also in later time segments, so that its gradient is not the slope of its loss;
   * this calls the method that DL4J has for the purpose.
   */
  private static final class CarryingLayer extends BaseWrapperLayer {
    private static final long serialVersionUID = 1L;

    CarryingLayer(Layer recurrent) {
      super(recurrent);
    }

    @Override
    public Pair<Gradient, INDArray> backpropGradient(
        INDArray epsilon, LayerWorkspaceMgr workspaces) {
      return ((RecurrentLayer) underlying)
          .tbpttBackpropGradient(epsilon, Integer.MAX_VALUE, workspaces);
    }
  }

  /** The network, live. */
  public MultiLayerNetwork network() {
    return network;
  }

  /** The weights, live, rank 1. */
  public INDArray parameters() {
    return network.params().reshape(network.numParams());
  }

  /**
   * One weight update.
   *
   * @param microBatches the columns of each micro-batch
   * @return the loss, summed over examples, without regularisation
   */
  public double step(List<Tensors> microBatches, long step, int epoch) {
    return step(microBatches, step, epoch, false);
  }

  /**
   * One weight update.
   *
   * @param carriesState whether recurrent layers go on where the step before left them
   */
  public double step(List<Tensors> microBatches, long step, int epoch, boolean carriesState) {
    if (!carriesState) {
      states.clear();
    }
    network.setIterationCount((int) step);
    network.setEpochCount(epoch);
    // DL4J leaves the last update in the gradient of layers below a frozen one, and with L1 or L2
    // feeds it to the updater again; a gradient that is not computed is zero.
    network.getFlattenedGradients().assign(0);
    double regularization = network.calcRegularizationScore(true);
    double loss = 0;
    long examples = 0;
    Gradient gradient = null;
    for (int m = 0; m < microBatches.size(); m++) {
      Tensors columns = microBatches.get(m);
      int rows = (int) columns.get(Columns.FEATURES).size(0);
      examples += rows;
      key.at(step, m);
      network.clearLayerMaskArrays();
      network.setInput(own(columns, Columns.FEATURES).orElseThrow());
      network.setLabels(own(columns, Columns.LABELS).orElseThrow());
      network.setLayerMaskArrays(
          own(columns, Columns.FEATURES_MASK).orElse(null),
          own(columns, Columns.LABELS_MASK).orElse(null));
      setState(states.getOrDefault(m, List.of()));
      network.computeGradientAndScore();
      states.put(m, state());
      loss += (network.score() - regularization) * rows;
      gradient = network.gradient();
      add(gradient.gradient().reshape(layout.length()), rows, m == 0);
      network.clearLayerMaskArrays();
    }
    statistics(sum).forEach(average(examples));
    gradient.gradient().reshape(layout.length()).assign(sum);
    network
        .getUpdater()
        .update(
            network,
            gradient,
            (int) step,
            epoch,
            Math.toIntExact(examples),
            LayerWorkspaceMgr.noWorkspaces());
    parameters().subi(gradient.gradient().reshape(layout.length()));
    network.setIterationCount((int) step + 1);
    network.applyConstraints((int) step + 1, epoch);
    return loss;
  }

  private List<RecurrentLayer> recurrent() {
    List<RecurrentLayer> layers = new ArrayList<>();
    for (Layer layer : network.getLayers()) {
      if (layer instanceof CarryingLayer carrying) {
        layers.add((RecurrentLayer) carrying.getUnderlying());
      }
    }
    return layers;
  }

  private List<Map<String, INDArray>> state() {
    List<Map<String, INDArray>> all = new ArrayList<>();
    for (RecurrentLayer layer : recurrent()) {
      Map<String, INDArray> state = new HashMap<>();
      layer.rnnGetTBPTTState().forEach((name, array) -> state.put(name, array.dup()));
      all.add(state);
    }
    return all;
  }

  private void setState(List<Map<String, INDArray>> state) {
    List<RecurrentLayer> layers = recurrent();
    for (int i = 0; i < layers.size(); i++) {
      Map<String, INDArray> mine = state.isEmpty() ? Map.of() : state.get(i);
      layers.get(i).rnnSetPreviousState(mine);
      layers.get(i).rnnSetTBPTTState(mine);
    }
  }

  /** The global norm of the last step's gradient, averaged over so many examples. */
  public double gradientNorm(long examples) {
    double squares = 0;
    for (View view : layout.views()) {
      if (view.kind() == Kind.TRAINABLE && view.length() > 0) {
        for (double element :
            sum.get(NDArrayIndex.interval(view.offset(), view.offset() + view.length()))
                .toDoubleVector()) {
          squares += element * element;
        }
      }
    }
    return Math.sqrt(squares) / examples;
  }

  private static java.util.function.Consumer<INDArray> average(long examples) {
    return statistic -> statistic.divi(examples);
  }

  private Optional<INDArray> own(Tensors columns, String name) {
    return columns
        .find(name)
        .map(
            array ->
                array.isZ()
                    ? array.dup()
                    : array.castTo(network.getLayerWiseConfigurations().getDataType()).dup());
  }

  private void add(INDArray gradient, int rows, boolean first) {
    statistics(gradient).forEach(statistic -> statistic.muli(rows));
    if (first) {
      sum = gradient.dup();
    } else {
      sum.addi(gradient);
    }
  }

  private List<INDArray> statistics(INDArray flat) {
    return layout.views().stream()
        .filter(view -> view.kind() == Kind.STATISTIC)
        .map((View v) -> flat.get(NDArrayIndex.interval(v.offset(), v.offset() + v.length())))
        .toList();
  }

  @Override
  public void close() {
    network.params().close();
  }
}
