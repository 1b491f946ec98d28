package io.stagecoach.engine.dl4j;

import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.View;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StateLayout;
import io.stagecoach.engine.StateLayout.Place;
import io.stagecoach.engine.StatefulUpdater;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The updater of a stage's own parameters: a {@link Dl4jModelUpdater} on a network of the stage's
 * nodes alone. DL4J normalises and constrains layer by layer and updates element by element, so
 * that what comes of it is the whole network's part.
 */
final class Dl4jSliceUpdater implements StatefulUpdater {

  private final Dl4jModelUpdater part;
  private final UnaryOperator<String> nameInModel;
  private final ParameterLayout layout;

  private Dl4jSliceUpdater(WholeNetwork network, UnaryOperator<String> nameInModel) {
    this.part = Dl4jModelUpdater.unchecked(network);
    this.nameInModel = nameInModel;
    this.layout =
        new ParameterLayout(
            part.parameterLayout().views().stream()
                .map(
                    view ->
                        new View(
                            nameInModel.apply(view.name()),
                            view.offset(),
                            view.length(),
                            view.kind()))
                .toList());
  }

  /** Of a stage; none where it has no parameters of its own. */
  static Optional<Dl4jSliceUpdater> of(StageSpec spec) {
    Dl4jModel model = Dl4jModel.parse(spec.model());
    if (model instanceof LayersModel) {
      MultiLayerNetwork network =
          new MultiLayerNetwork(
              StageConfiguration.ownOnly(spec.model(), spec.firstLayer(), spec.endLayer()));
      network.init();
      // DL4J numbers a network's layers from 0.
      return of(new WholeLayers(network), name -> renumbered(name, spec.firstLayer()));
    }
    ComputationGraph graph =
        new ComputationGraph(
            StageConfiguration.ownOnly(
                spec.model(), StageSlice.of(model, spec.firstLayer(), spec.endLayer())));
    graph.init();
    return of(new WholeGraph(graph), name -> name);
  }

  private static Optional<Dl4jSliceUpdater> of(
      WholeNetwork network, UnaryOperator<String> nameInModel) {
    Model made = network.network();
    return made.numParams() == 0
        ? Optional.empty()
        : Optional.of(new Dl4jSliceUpdater(network, nameInModel));
  }

  private static String renumbered(String name, int firstLayer) {
    int end = name.indexOf('_');
    return (Integer.parseInt(name.substring(0, end)) + firstLayer) + name.substring(end);
  }

  @Override
  public ParameterLayout parameterLayout() {
    return layout;
  }

  @Override
  public ParameterLayout stageLayout(int firstLayer, int endLayer) {
    throw new UnsupportedOperationException("a slice is not cut");
  }

  @Override
  public INDArray parameters() {
    return part.parameters();
  }

  @Override
  public StateLayout stateLayout() {
    StateLayout local = part.stateLayout();
    return new StateLayout(inModel(local.weights()), inModel(local.updater()));
  }

  private List<Place> inModel(List<Place> places) {
    return places.stream()
        .map(
            place ->
                new Place(
                    nameInModel.apply(place.name()), place.offset(), place.shape(), place.order()))
        .toList();
  }

  @Override
  public INDArray flatUpdaterState() {
    return part.flatUpdaterState();
  }

  @Override
  public void update(INDArray gradients, long divisor, long iteration, int epoch) {
    part.update(gradients, divisor, iteration, epoch);
  }

  @Override
  public void update(INDArray gradients, double scale, long divisor, long iteration, int epoch) {
    part.update(gradients, scale, divisor, iteration, epoch);
  }

  @Override
  public void close() {
    part.close();
  }
}
