package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.optimizer.LearningRateDecay;
import io.stagecoach.model.optimizer.OptimizerSettings;
import io.stagecoach.model.optimizer.WarmupSchedule;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.AdaDelta;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.WeightDecay;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Learning rate and weight decay as settings do what the same configuration does. */
class OptimizerChangeTest {

  private static final int ROWS = 8;

  private static final OptimizerSettings WARM =
      new OptimizerSettings(
          OptionalDouble.of(0.02), 3, LearningRateDecay.COSINE, 9, 0.001, OptionalDouble.of(0.1));

  private static final OptimizerSettings FIXED =
      new OptimizerSettings(
          OptionalDouble.of(0.03), 0, LearningRateDecay.NONE, 0, 0, OptionalDouble.of(0.2));

  private static NeuralNetConfiguration.Builder base(IUpdater updater) {
    return Networks.base().updater(updater);
  }

  /** Layers of different learning rates, so that DL4J keeps their state apart. */
  private static MultiLayerConfiguration network(NeuralNetConfiguration.Builder base) {
    return base.list()
        .layer(new DenseLayer.Builder().nIn(8).nOut(5).updater(new Adam(0.001)).build())
        .layer(new DenseLayer.Builder().nIn(5).nOut(4).updater(new Adam(0.05)).build())
        .layer(output())
        .build();
  }

  private static OutputLayer output() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .activation(Activation.SOFTMAX)
        .nIn(4)
        .nOut(3)
        .build();
  }

  /** Not the builder's weightDecay: in DL4J 1.0.0-M2.1 it decays twice. */
  private static void decay(Layer layer) {
    ((BaseLayer) layer).setRegularization(List.of(new WeightDecay(0.1, true)));
  }

  private static DataSet batch(int step) {
    return new DataSet(
        Batches.uniform(step, ROWS, 8), Batches.oneHot(Batches.classes(step + 50, 3, ROWS), 3));
  }

  /** One update with the gradient that DL4J has at these weights. */
  private static INDArray step(Dl4jModelUpdater updater, MultiLayerNetwork probe, int step) {
    probe.params().assign(updater.parameters().reshape(probe.params().shape()));
    DataSet batch = batch(step);
    probe.setInput(batch.getFeatures());
    probe.setLabels(batch.getLabels());
    probe.computeGradientAndScore();
    INDArray gradient = probe.gradient().gradient().reshape(updater.parameters().length()).dup();
    updater.update(gradient.dup(), ROWS, step, 0);
    return gradient.div(ROWS);
  }

  @Test
  void aFreshModelTrainsAsPlainDl4jWithTheSameConfiguration() {
    MultiLayerConfiguration before = network(base(new Adam(0.5)));
    MultiLayerConfiguration same =
        base(new Adam(WARM.schedule(0.02, 0)))
            .list()
            .layer(new DenseLayer.Builder().nIn(8).nOut(5).build())
            .layer(new DenseLayer.Builder().nIn(5).nOut(4).build())
            .layer(output())
            .build();
    same.getConfs().forEach(conf -> decay(conf.getLayer()));
    MultiLayerNetwork fit = new MultiLayerNetwork(same);
    fit.init();
    MultiLayerNetwork probe = new MultiLayerNetwork(before.clone());
    probe.init();
    try (Dl4jModelUpdater updater = Dl4jModelUpdater.create(before.toJson())) {
      updater.optimize(WARM);
      MultiLayerNetwork loaded =
          new MultiLayerNetwork(MultiLayerConfiguration.fromJson(updater.json()));
      loaded.init();
      for (int i = 0; i < 12; i++) {
        step(updater, probe, i);
        fit.fit(batch(i));
        loaded.fit(batch(i));
        assertThat(maxDifference(updater.parameters(), fit.params())).isZero();
        assertThat(maxDifference(loaded.params(), fit.params())).isZero();
      }
    }
  }

  /** AdamW by its formula, from the gradients, whatever DL4J's blocks. */
  @Test
  void aModelThatIsTrainedOnKeepsItsState() {
    MultiLayerConfiguration before = network(base(new Adam(0.5)));
    MultiLayerNetwork probe = new MultiLayerNetwork(before.clone());
    probe.init();
    try (Dl4jModelUpdater updater = Dl4jModelUpdater.create(before.toJson())) {
      long length = updater.parameters().length();
      INDArray m = Nd4j.zeros(updater.parameters().dataType(), length);
      INDArray v = m.dup();
      INDArray weightsOnly = m.dup();
      updater.parameterLayout().views().stream()
          .filter(view -> view.name().endsWith("_W"))
          .forEach(
              view ->
                  weightsOnly
                      .get(NDArrayIndex.interval(view.offset(), view.offset() + view.length()))
                      .assign(1));
      for (int i = 0; i < 6; i++) {
        if (i == 3) {
          updater.optimize(FIXED);
        }
        INDArray weights = updater.parameters().dup();
        INDArray gradient = step(updater, probe, i);
        m.muli(0.9).addi(gradient.mul(0.1));
        v.muli(0.999).addi(gradient.mul(gradient).mul(0.001));
        if (i >= 3) {
          double rate = 0.03 * Math.sqrt(1 - Math.pow(0.999, i + 1)) / (1 - Math.pow(0.9, i + 1));
          INDArray expected =
              weights
                  .sub(weights.mul(weightsOnly).mul(0.2 * 0.03))
                  .sub(m.mul(rate).div(Transforms.sqrt(v).add(1e-8)));
          assertThat(maxDifference(updater.parameters(), expected)).isCloseTo(0, within(1e-12));
        }
      }
    }
  }

  @Test
  void aScheduleBeginsWhereAModelIsTrainedOn() {
    MultiLayerConfiguration before = network(base(new Adam(0.5)));
    before.setIterationCount(40);
    try (Dl4jModelUpdater updater = Dl4jModelUpdater.create(before.toJson())) {
      updater.optimize(
          new OptimizerSettings(
              OptionalDouble.empty(), 2, LearningRateDecay.NONE, 0, 0, OptionalDouble.empty()));
      assertThat(rate(updater, 0))
          .isEqualTo(new WarmupSchedule(0.001, 40, 2, LearningRateDecay.NONE, 0, 0));
      assertThat(rate(updater, 1))
          .isEqualTo(new WarmupSchedule(0.05, 40, 2, LearningRateDecay.NONE, 0, 0));
      assertThat(rate(updater, 2))
          .isEqualTo(new WarmupSchedule(0.5, 40, 2, LearningRateDecay.NONE, 0, 0));
    }
  }

  private static Object rate(Dl4jModelUpdater updater, int layer) {
    Adam adam =
        (Adam)
            updater
                .model()
                .nodes()
                .get(layer)
                .layer()
                .map(BaseLayer.class::cast)
                .orElseThrow()
                .getUpdaterByParam("W");
    return adam.getLearningRateSchedule();
  }

  @Test
  void aGraphTrainsAsPlainDl4jWithTheSameConfiguration() {
    ComputationGraphConfiguration changed = graph(base(new Adam(0.5)));
    new OptimizerChange(WARM, 0, 0).apply(changed);
    ComputationGraph made = started(ComputationGraphConfiguration.fromJson(changed.toJson()));
    ComputationGraphConfiguration configured = graph(base(new Adam(WARM.schedule(0.02, 0))));
    configured
        .getVertices()
        .values()
        .forEach(vertex -> decay(((LayerVertex) vertex).getLayerConf().getLayer()));
    ComputationGraph same = started(configured);
    for (int i = 0; i < 5; i++) {
      made.fit(batch(i));
      same.fit(batch(i));
    }
    assertThat(made.params()).isEqualTo(same.params());
    ComputationGraph other = started(graph(base(new Adam(0.5))));
    other.fit(batch(0));
    assertThat(other.params()).isNotEqualTo(made.params());
  }

  private static ComputationGraphConfiguration graph(NeuralNetConfiguration.Builder base) {
    return base.graphBuilder()
        .addInputs("in")
        .addLayer("hidden", new DenseLayer.Builder().nIn(8).nOut(4).build(), "in")
        .addLayer("out", output(), "hidden")
        .setOutputs("out")
        .build();
  }

  private static ComputationGraph started(ComputationGraphConfiguration configuration) {
    ComputationGraph graph = new ComputationGraph(configuration);
    graph.init();
    return graph;
  }

  @Test
  void anUpdaterWithoutARateIsRefused() {
    Consumer<OptimizerSettings> change =
        settings -> {
          MultiLayerConfiguration network = base(new AdaDelta()).list().layer(output()).build();
          try (Dl4jModelUpdater updater = Dl4jModelUpdater.create(network.toJson())) {
            updater.optimize(settings);
          }
        };
    StagecoachException refusal =
        catchThrowableOfType(StagecoachException.class, () -> change.accept(FIXED));
    assertThat(refusal.kind()).isEqualTo(ErrorKind.CONFIGURATION);
    assertThat(refusal.what()).contains("AdaDelta");
    change.accept(
        new OptimizerSettings(
            OptionalDouble.empty(), 0, LearningRateDecay.NONE, 0, 0, OptionalDouble.of(0.1)));
  }

  private static double maxDifference(INDArray a, INDArray b) {
    return a.reshape(a.length()).sub(b.reshape(b.length())).amaxNumber().doubleValue();
  }
}
