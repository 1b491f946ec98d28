package io.stagecoach.engine.dl4j;

import io.stagecoach.engine.ModelUpdater;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.View;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.optimizer.OptimizerSettings;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.MultiLayerUpdater;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * DL4J's own updater on a whole network that never runs forward: what {@code fit} does after
 * back-propagation, to the bit.
 */
public final class Dl4jModelUpdater implements ModelUpdater {

  private final MultiLayerNetwork network;
  private final ParameterLayout layout;
  private final INDArray parameters;
  private final INDArray gradientView;
  private final DefaultGradient gradient;

  private Dl4jModelUpdater(MultiLayerNetwork network) {
    this.network = network;
    if (network.numParams() == 0) {
      throw new StagecoachException(
          ErrorKind.MODEL,
          "The model has no parameters, so that there is nothing to train",
          "Give it a layer with weights.");
    }
    this.layout = Layouts.of(network.getLayers());
    this.parameters = network.params().reshape(network.numParams());
    if (network.getFlattenedGradients() == null) {
      network.initGradientsView();
    }
    INDArray whole = network.getFlattenedGradients();
    this.gradientView = whole.reshape(whole.length());
    // The updater divides only if this is the network's own gradient object.
    this.gradient = new DefaultGradient(whole);
    for (View view : layout.views()) {
      gradient.setGradientFor(
          view.name(),
          gradientView.get(NDArrayIndex.interval(view.offset(), view.offset() + view.length())));
    }
    network.getUpdater();
  }

  /**
   * A new model, its weights drawn as the configuration says, as DL4J does.
   *
   * @param json the configuration of a {@code MultiLayerNetwork}
   * @throws StagecoachException MODEL if it is not one, or holds what cannot be cut
   */
  public static Dl4jModelUpdater create(String json) {
    MultiLayerConfiguration configuration = SupportCheck.parse(json);
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    network.init();
    return new Dl4jModelUpdater(network);
  }

  /** Goes on with a network, its weights, updater state and counts; owns it from here on. */
  static Dl4jModelUpdater of(MultiLayerNetwork network) {
    SupportCheck.check(network.getLayerWiseConfigurations());
    return new Dl4jModelUpdater(network);
  }

  /** The model as DL4J's own, live: for saving and for predictions between updates. */
  public MultiLayerNetwork network() {
    return network;
  }

  /** The configuration, for {@link io.stagecoach.engine.StageSpec}. */
  public String json() {
    return network.getLayerWiseConfigurations().toJson();
  }

  /** How many updates the model has seen, over all runs. */
  public long iterations() {
    return network.getIterationCount();
  }

  /** How many whole epochs the model has seen, over all runs. */
  public int epochs() {
    return network.getEpochCount();
  }

  /** Notes how many whole epochs the model has seen, for saving. */
  public void setEpochs(int epochs) {
    network.setEpochCount(epochs);
  }

  /**
   * Changes learning rate and weight decay from the next update on; a schedule begins there. The
   * types of the updaters, their state and the weights stay.
   *
   * @throws StagecoachException CONFIGURATION if an updater has no learning rate to set
   */
  public void optimize(OptimizerSettings settings) {
    if (settings.isEmpty()) {
      return;
    }
    new OptimizerChange(settings, iterations(), epochs())
        .apply(network.getLayerWiseConfigurations());
    MultiLayerUpdater before = (MultiLayerUpdater) network.getUpdater();
    MultiLayerUpdater after = new MultiLayerUpdater(network);
    network.setUpdater(after);
    if (before.getStateViewArray() != null) {
      UpdaterStates.copy(before, after);
      before.getStateViewArray().close();
    }
  }

  /** The updater's state, a live flat view; null for updaters that have none. */
  public INDArray updaterState() {
    return network.getUpdater().getStateViewArray();
  }

  @Override
  public ParameterLayout parameterLayout() {
    return layout;
  }

  @Override
  public ParameterLayout stageLayout(int firstLayer, int endLayer) {
    return Layouts.ofStage(
        layout, network.getLayerWiseConfigurations().getConfs(), firstLayer, endLayer);
  }

  @Override
  public INDArray parameters() {
    return parameters;
  }

  @Override
  public void update(INDArray gradients, long divisor, long iteration, int epoch) {
    gradientView.assign(gradients);
    network.setIterationCount((int) iteration);
    network.setEpochCount(epoch);
    network
        .getUpdater()
        .update(
            network,
            gradient,
            (int) iteration,
            epoch,
            Math.toIntExact(divisor),
            LayerWorkspaceMgr.noWorkspaces());
    parameters.subi(gradientView);
    network.setIterationCount((int) iteration + 1);
    network.applyConstraints((int) iteration + 1, epoch);
  }

  @Override
  public void close() {
    // Not network.close(): that also destroys every workspace of the thread.
    for (INDArray owned : new INDArray[] {network.params(), gradientView, updaterState()}) {
      if (owned != null && owned.closeable()) {
        owned.close();
      }
    }
  }
}
