package io.stagecoach.engine.dl4j;

import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.View;
import io.stagecoach.engine.PartialUpdate;
import io.stagecoach.engine.StateLayout;
import io.stagecoach.engine.StateLayout.Place;
import io.stagecoach.engine.StatefulUpdater;
import io.stagecoach.engine.dl4j.BlockUpdates.Part;
import io.stagecoach.engine.update.UpdateThreads;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.model.optimizer.OptimizerSettings;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * DL4J's updater on a whole network that never runs forward: what {@code fit} does after
 * back-propagation, to the bit.
 */
public final class Dl4jModelUpdater implements StatefulUpdater {

  private final WholeNetwork whole;
  private final ParameterLayout layout;
  private final INDArray parameters;
  private final INDArray gradientView;
  private final DefaultGradient gradient;
  private final boolean constrained;
  private UpdateThreads threads = UpdateThreads.ONE;
  private BlockUpdates updates;
  private boolean noted;

  private Dl4jModelUpdater(WholeNetwork whole) {
    this.whole = whole;
    if (whole.network().numParams() == 0) {
      throw new StagecoachException(
          ErrorKind.MODEL,
          "The model has no parameters, so that there is nothing to train",
          "Give it a layer with weights.");
    }
    this.layout = whole.layout();
    this.parameters = whole.network().params().reshape(whole.network().numParams());
    INDArray flat = whole.gradients();
    this.gradientView = flat.reshape(flat.length());
    this.gradient = new DefaultGradient(flat);
    for (View view : layout.views()) {
      gradient.setGradientFor(
          view.name(),
          gradientView.get(NDArrayIndex.interval(view.offset(), view.offset() + view.length())));
    }
    this.constrained =
        whole.model().nodes().stream()
            .flatMap(node -> node.layer().stream())
            .anyMatch(LayerTree::isConstrained);
    this.updates = blockUpdates();
  }

  private BlockUpdates blockUpdates() {
    return new BlockUpdates(whole.updater(), parameters, gradientView, threads);
  }

  /** From now on these threads share the updates, which are the same to the last bit. */
  public void shareUpdates(UpdateThreads among) {
    threads = among;
    updates = blockUpdates();
  }

  /**
   * A new model, its weights drawn as the configuration says, as DL4J does.
   *
   * @param json the configuration of a {@code MultiLayerNetwork} or a {@code ComputationGraph}
   * @throws StagecoachException MODEL if it is neither, or holds what cannot be cut
   */
  public static Dl4jModelUpdater create(String json) {
    Dl4jModel model = Dl4jModel.parse(json);
    if (model instanceof GraphModel described) {
      ComputationGraph graph = new ComputationGraph(described.configuration());
      graph.init();
      return new Dl4jModelUpdater(new WholeGraph(graph));
    }
    MultiLayerNetwork network = new MultiLayerNetwork(((LayersModel) model).configuration());
    network.init();
    return new Dl4jModelUpdater(new WholeLayers(network));
  }

  /**
   * A model as it was when its configuration and its state were taken: goes on from there as if
   * nothing had been between. Borrows the tensors.
   *
   * @param json the configuration, with the learning rates of then
   * @param weights the weights, as {@link #stateLayout} names them
   * @param updaterState the updater's state
   * @param iterations how many updates the model had seen
   * @param epochs how many whole epochs
   * @throws StagecoachException MODEL where the tensors are not those of this configuration
   */
  public static Dl4jModelUpdater restore(
      String json, Tensors weights, Tensors updaterState, long iterations, int epochs) {
    Dl4jModelUpdater updater = create(json);
    try {
      StateLayout layout = updater.stateLayout();
      StateLayout.put(weights, layout.weights(), updater.parameters());
      StateLayout.put(updaterState, layout.updater(), updater.flatUpdaterState());
      updater.whole.setIterations(Math.toIntExact(iterations));
      updater.whole.setEpochs(epochs);
      return updater;
    } catch (IllegalArgumentException | ArithmeticException e) {
      updater.close();
      throw new StagecoachException(
          ErrorKind.MODEL,
          "Weights or updater state are not those of the model's configuration: " + e.getMessage(),
          Where.nowhere(),
          "Use another checkpoint, written by this version of Stagecoach.",
          e);
    }
  }

  /**
   * Goes on with a network, its weights, updater state and counts, in place; owns it from here on.
   *
   * @throws StagecoachException MODEL if it holds what cannot be cut
   */
  public static Dl4jModelUpdater of(MultiLayerNetwork network) {
    SupportCheck.check(network.getLayerWiseConfigurations());
    return new Dl4jModelUpdater(new WholeLayers(network));
  }

  /**
   * Goes on with a graph, its weights, updater state and counts, in place; owns it from here on.
   *
   * @throws StagecoachException MODEL if it holds what cannot be cut
   */
  public static Dl4jModelUpdater of(ComputationGraph graph) {
    SupportCheck.check(new GraphModel(graph.getConfiguration()));
    return new Dl4jModelUpdater(new WholeGraph(graph));
  }

  /** Of a network of which no more is asked than its weights, and that was checked before. */
  static Dl4jModelUpdater unchecked(WholeNetwork network) {
    return new Dl4jModelUpdater(network);
  }

  /**
   * The model as DL4J's own, live: for saving and for predictions between updates. A {@code
   * MultiLayerNetwork} or a {@code ComputationGraph}.
   */
  public Model network() {
    return whole.network();
  }

  /** What can be cut. */
  public Dl4jModel model() {
    return whole.model();
  }

  /** The configuration, for {@link io.stagecoach.engine.StageSpec}. */
  public String json() {
    return model().json();
  }

  /** How many updates the model has seen, over all runs. */
  public long iterations() {
    return whole.iterations();
  }

  /** Notes how many updates the model has seen, for saving, where others have made them. */
  public void setIterations(long iterations) {
    whole.setIterations(Math.toIntExact(iterations));
  }

  /** How many whole epochs the model has seen, over all runs. */
  public int epochs() {
    return whole.epochs();
  }

  /** Notes how many whole epochs the model has seen, for saving. */
  public void setEpochs(int epochs) {
    whole.setEpochs(epochs);
  }

  /**
   * Changes learning rate and weight decay from the next update on; a schedule begins there. The
   * types of the updaters, their state and the weights stay.
   *
   * @throws StagecoachException CONFIGURATION if an updater has no learning rate to set
   */
  public void optimize(OptimizerSettings settings) {
    optimize(settings, iterations());
  }

  /**
   * As {@link #optimize(OptimizerSettings)}, with a schedule that began before.
   *
   * @param firstUpdate how many updates the model had seen when it did
   */
  public void optimize(OptimizerSettings settings, long firstUpdate) {
    if (settings.isEmpty()) {
      return;
    }
    BaseMultiLayerUpdater<?> before = whole.updater();
    whole.change(new OptimizerChange(settings, firstUpdate, epochs()));
    BaseMultiLayerUpdater<?> after = whole.updater();
    if (before.getStateViewArray() != null) {
      UpdaterStates.copy(before, after);
      before.getStateViewArray().close();
    }
    updates = blockUpdates();
  }

  /** The updater's state, a live flat view; null for updaters that have none. */
  public INDArray updaterState() {
    return whole.updater().getStateViewArray();
  }

  @Override
  public StateLayout stateLayout() {
    Map<String, INDArray> shaped = whole.network().paramTable();
    List<Place> weights = new ArrayList<>();
    for (View view : layout.views()) {
      INDArray array = shaped.get(view.name());
      boolean known = array != null && array.length() == view.length();
      weights.add(
          new Place(
              view.name(),
              view.offset(),
              known ? shape(array) : List.of(view.length()),
              known ? array.ordering() : 'c'));
    }
    return new StateLayout(weights, UpdaterStates.places(whole.updater(), weights));
  }

  private static List<Long> shape(INDArray array) {
    return Arrays.stream(array.shape()).boxed().toList();
  }

  @Override
  public INDArray flatUpdaterState() {
    INDArray state = updaterState();
    return state == null ? Nd4j.empty(parameters.dataType()) : state.reshape(state.length());
  }

  /**
   * What the last update subtracted from the weights, by the names of DL4J's parameter table: live
   * flat views. Noted from the first call on: it takes time at each update.
   */
  public Gradient lastUpdate() {
    noted = true;
    return gradient;
  }

  @Override
  public ParameterLayout parameterLayout() {
    return layout;
  }

  @Override
  public ParameterLayout stageLayout(int firstLayer, int endLayer) {
    return Layouts.ofStage(whole.model(), layout, firstLayer, endLayer);
  }

  @Override
  public INDArray parameters() {
    return parameters;
  }

  @Override
  public void update(INDArray gradients, long divisor, long iteration, int epoch) {
    update(gradients, 1, divisor, iteration, epoch);
  }

  @Override
  public void update(INDArray gradients, double scale, long divisor, long iteration, int epoch) {
    begin(gradients, scale, divisor, iteration, epoch).rest();
  }

  @Override
  public PartialUpdate begin(
      INDArray gradients, double scale, long divisor, long iteration, int epoch) {
    whole.setIterations((int) iteration);
    whole.setEpochs(epoch);
    List<Part> parts =
        updates.begin(gradients, scale, Math.toIntExact(divisor), (int) iteration, epoch, noted);
    Parts update =
        new Parts(
            parts,
            () -> {
              whole.setIterations((int) iteration + 1);
              whole.network().applyConstraints((int) iteration + 1, epoch);
            });
    if (constrained) {
      // A constraint sees whole layers as they are after the update.
      update.rest();
    }
    return update;
  }

  /** Parts that are still to be updated. */
  private static final class Parts implements PartialUpdate {

    private final List<Part> left;
    private final Runnable last;
    private boolean open = true;

    Parts(List<Part> parts, Runnable last) {
      this.left = new ArrayList<>(parts);
      this.last = last;
    }

    @Override
    public void of(long from, long to) {
      Predicate<Part> isAsked = part -> part.from() < to && from < part.to();
      List<Part> asked = left.stream().filter(isAsked).toList();
      left.removeIf(isAsked);
      BlockUpdates.update(asked);
    }

    @Override
    public void rest() {
      if (open) {
        open = false;
        of(0, Long.MAX_VALUE);
        last.run();
      }
    }
  }

  @Override
  public void close() {
    // Not network.close(): that also destroys every workspace of the thread.
    for (INDArray owned : new INDArray[] {whole.network().params(), gradientView, updaterState()}) {
      if (owned != null && owned.closeable()) {
        owned.close();
      }
    }
  }
}
