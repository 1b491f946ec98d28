package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.PartialUpdate;
import io.stagecoach.engine.update.UpdateThreads;
import io.stagecoach.model.optimizer.LearningRateDecay;
import io.stagecoach.model.optimizer.WarmupSchedule;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.constraint.MaxNormConstraint;
import org.deeplearning4j.nn.conf.constraint.NonNegativeConstraint;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.AMSGrad;
import org.nd4j.linalg.learning.config.AdaDelta;
import org.nd4j.linalg.learning.config.AdaGrad;
import org.nd4j.linalg.learning.config.AdaMax;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nadam;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.learning.config.RmsProp;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.schedule.ExponentialSchedule;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.StepSchedule;

/** The updater on the driver moves weights and updater state exactly as {@code fit} does. */
class Dl4jModelUpdaterTest {

  /** Which penalties there are. */
  enum Penalties {
    NONE,
    L1_L2,
    L1_DECAY,
    PLAIN_DECAY,
    OWN;

    void to(NeuralNetConfiguration.Builder builder) {
      switch (this) {
        case NONE -> {}
        case L1_L2 -> builder.l1(1e-4).l2(1e-3);
        case L1_DECAY -> builder.l1(1e-4).weightDecay(1e-3);
        case PLAIN_DECAY -> builder.weightDecay(1e-3, false).weightDecayBias(1e-2, true);
        case OWN -> builder.l1(1e-4).regularization(List.of(new OwnPenalty()));
      }
    }
  }

  record Case(
      IUpdater updater,
      Penalties penalties,
      DataType type,
      GradientNormalization normalization,
      boolean constrained) {}

  static Stream<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (IUpdater updater :
        List.of(
            new Sgd(0.1),
            new NoOp(),
            new Adam(new ExponentialSchedule(ScheduleType.ITERATION, 0.01, 0.9)),
            new Adam(new WarmupSchedule(0.01, 0, 3, LearningRateDecay.COSINE, 7, 0.001)),
            new Adam(new StepSchedule(ScheduleType.EPOCH, 0.02, 0.1, 1)),
            new AdaMax(0.01),
            new AdaDelta(),
            new AdaGrad(0.05),
            new AMSGrad(0.01),
            new Nadam(0.01),
            new Nesterovs(0.01, 0.9),
            new RmsProp(0.01))) {
      for (Penalties penalties : Penalties.values()) {
        cases.add(new Case(updater, penalties, DataType.FLOAT, GradientNormalization.None, false));
      }
      cases.add(
          new Case(
              updater, Penalties.L1_DECAY, DataType.DOUBLE, GradientNormalization.None, false));
    }
    for (GradientNormalization normalization : GradientNormalization.values()) {
      for (IUpdater updater : List.of(new Adam(0.01), new OwnUpdater())) {
        cases.add(new Case(updater, Penalties.L1_DECAY, DataType.FLOAT, normalization, true));
      }
    }
    return cases.stream();
  }

  private static String network(Case tried) {
    var builder =
        Networks.base()
            .dataType(tried.type())
            .updater(tried.updater())
            .gradientNormalization(tried.normalization())
            .gradientNormalizationThreshold(0.5);
    tried.penalties().to(builder);
    if (tried.constrained()) {
      builder.constrainWeights(new MaxNormConstraint(1.2, 1));
      builder.constrainBias(new NonNegativeConstraint());
    }
    return builder
        .list()
        .layer(new DenseLayer.Builder().nIn(8).nOut(37).build())
        .layer(
            new DenseLayer.Builder()
                .nIn(37)
                .nOut(11)
                .updater(new Nesterovs(new StepSchedule(ScheduleType.ITERATION, 0.05, 0.5, 3), 0.9))
                .build())
        .layer(new BatchNormalization.Builder().nOut(11).build())
        .layer(new DenseLayer.Builder().nIn(11).nOut(5).biasUpdater(new Sgd(0.1)).build())
        .layer(
            new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(5)
                .nOut(3)
                .build())
        .build()
        .toJson();
  }

  /** Gradients come from one DL4J network, in the state before its own update. */
  @ParameterizedTest
  @MethodSource("cases")
  void movesAsFitDoes(Case tried) {
    String json = network(tried);
    int rows = 16;
    MultiLayerNetwork fit = new MultiLayerNetwork(MultiLayerConfiguration.fromJson(json));
    fit.init();
    MultiLayerNetwork probe = new MultiLayerNetwork(MultiLayerConfiguration.fromJson(json));
    probe.init();
    try (Dl4jModelUpdater updater = Dl4jModelUpdater.create(json)) {
      assertThat(updater.parameters()).isEqualTo(fit.params().reshape(fit.numParams()));
      INDArray before = updater.parameters().dup();
      int step = 0;
      for (int epoch = 0; epoch < 2; epoch++) {
        for (int i = 0; i < 3; i++, step++) {
          INDArray features = Batches.uniform(step, rows, 8).castTo(tried.type());
          INDArray labels =
              Batches.oneHot(Batches.classes(step + 50, 3, rows), 3).castTo(tried.type());
          probe.params().assign(updater.parameters().reshape(probe.params().shape()));
          probe.setInput(features.dup());
          probe.setLabels(labels);
          probe.computeGradientAndScore();
          updater.update(
              probe.gradient().gradient().reshape(updater.parameters().length()).dup(),
              rows,
              step,
              epoch);
          fit.fit(features.dup(), labels);
          assertThat(maxDifference(updater.parameters(), fit.params())).isZero();
        }
        fit.incrementEpochCount();
      }
      if (updater.updaterState() != null) {
        assertThat(maxDifference(updater.updaterState(), fit.getUpdater().getStateViewArray()))
            .isZero();
      }
      assertThat(updater.iterations()).isEqualTo(fit.getIterationCount());
      assertThat(maxDifference(updater.parameters(), before)).isGreaterThan(1e-4);
    }
  }

  /** Whatever is asked for first, and however often. */
  @ParameterizedTest
  @MethodSource("cases")
  void partsComeToTheWhole(Case tried) {
    String json = network(tried);
    try (Dl4jModelUpdater whole = Dl4jModelUpdater.create(json);
        Dl4jModelUpdater parts = Dl4jModelUpdater.create(json)) {
      long length = whole.parameters().length();
      Random random = new Random(7);
      for (int step = 0; step < 4; step++) {
        INDArray gradients = Batches.uniform(step, length).castTo(tried.type());
        whole.update(gradients.dup(), 0.3, 16, step, step / 2);
        PartialUpdate update = parts.begin(gradients.dup(), 0.3, 16, step, step / 2);
        for (int i = 0; i < 4; i++) {
          long from = random.nextLong(length);
          long to = from + 1 + random.nextLong(length - from);
          update.of(from, to);
          INDArray asked = parts.parameters().get(NDArrayIndex.interval(from, to));
          assertThat(asked).isEqualTo(whole.parameters().get(NDArrayIndex.interval(from, to)));
        }
        update.rest();
        assertThat(parts.parameters()).isEqualTo(whole.parameters());
        assertThat(parts.flatUpdaterState()).isEqualTo(whole.flatUpdaterState());
        assertThat(parts.iterations()).isEqualTo(whole.iterations());
      }
    }
  }

  /** Of a layer of 250,000 weights each thread has a share. */
  @Test
  void threadsShareAnUpdateToTheLastBit() {
    String json =
        new NeuralNetConfiguration.Builder()
            .seed(5)
            .updater(new Adam(0.01))
            .l2(1e-3)
            .list()
            .layer(new DenseLayer.Builder().nIn(1_100).nOut(1_000).build())
            .layer(
                new OutputLayer.Builder(LossFunction.MSE)
                    .activation(Activation.IDENTITY)
                    .nIn(1_000)
                    .nOut(3)
                    .build())
            .build()
            .toJson();
    try (Dl4jModelUpdater alone = Dl4jModelUpdater.create(json);
        Dl4jModelUpdater shared = Dl4jModelUpdater.create(json)) {
      shared.shareUpdates(new UpdateThreads(3));
      for (int step = 0; step < 3; step++) {
        INDArray gradients =
            Batches.uniform(step, alone.parameters().length()).castTo(DataType.FLOAT);
        alone.update(gradients.dup(), 0.3, 12, step, 0);
        shared.update(gradients.dup(), 0.3, 12, step, 0);
        assertThat(shared.parameters()).isEqualTo(alone.parameters());
        assertThat(shared.flatUpdaterState()).isEqualTo(alone.flatUpdaterState());
      }
    }
  }

  @Test
  void whatIsNotAskedForIsUpdatedLast() {
    String json =
        network(
            new Case(
                new Adam(0.01), Penalties.NONE, DataType.FLOAT, GradientNormalization.None, false));
    try (Dl4jModelUpdater updater = Dl4jModelUpdater.create(json)) {
      long length = updater.parameters().length();
      INDArray before = updater.parameters().dup();
      PartialUpdate update =
          updater.begin(Batches.uniform(1, length).castTo(DataType.FLOAT), 1, 16, 0, 0);
      assertThat(updater.parameters()).isEqualTo(before);
      update.of(0, 1);
      assertThat(updater.parameters().getFloat(0)).isNotEqualTo(before.getFloat(0));
      assertThat(updater.parameters().getFloat(length - 1)).isEqualTo(before.getFloat(length - 1));
      update.rest();
      assertThat(updater.parameters().getFloat(length - 1))
          .isNotEqualTo(before.getFloat(length - 1));
    }
  }

  @Test
  void scalesTrainableGradientsFirst() {
    String json =
        network(
            new Case(
                new Adam(0.01),
                Penalties.L1_L2,
                DataType.FLOAT,
                GradientNormalization.None,
                false));
    try (Dl4jModelUpdater scaled = Dl4jModelUpdater.create(json);
        Dl4jModelUpdater plain = Dl4jModelUpdater.create(json)) {
      for (int step = 0; step < 3; step++) {
        INDArray gradients =
            Batches.uniform(step, scaled.parameters().length()).castTo(DataType.FLOAT);
        INDArray byHand = gradients.dup();
        for (ParameterLayout.View view : plain.parameterLayout().views()) {
          if (view.kind() == ParameterLayout.Kind.TRAINABLE) {
            byHand
                .get(NDArrayIndex.interval(view.offset(), view.offset() + view.length()))
                .muli(0.3);
          }
        }
        scaled.update(gradients, 0.3, 16, step, 0);
        plain.update(byHand, 16, step, 0);
        assertThat(scaled.parameters()).isEqualTo(plain.parameters());
        assertThat(scaled.updaterState()).isEqualTo(plain.updaterState());
      }
    }
  }

  @Test
  void notesTheLastUpdate() {
    String json =
        network(
            new Case(
                new Nesterovs(0.1, 0.9),
                Penalties.L1_DECAY,
                DataType.DOUBLE,
                GradientNormalization.ClipL2PerLayer,
                false));
    try (Dl4jModelUpdater updater = Dl4jModelUpdater.create(json)) {
      Map<String, INDArray> last = updater.lastUpdate().gradientForVariable();
      INDArray before = updater.parameters().dup();
      updater.update(Batches.uniform(3, before.length()), 16, 0, 0);
      for (ParameterLayout.View view : updater.parameterLayout().views()) {
        var interval = NDArrayIndex.interval(view.offset(), view.offset() + view.length());
        assertThat(before.get(interval).sub(last.get(view.name())))
            .as(view.name())
            .isEqualTo(updater.parameters().get(interval));
      }
    }
  }

  private static double maxDifference(INDArray a, INDArray b) {
    return a.reshape(a.length()).sub(b.reshape(b.length())).amaxNumber().doubleValue();
  }
}
