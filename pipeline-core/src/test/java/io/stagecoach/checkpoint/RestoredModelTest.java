package io.stagecoach.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.engine.StateLayout;
import io.stagecoach.engine.dl4j.Batches;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.engine.dl4j.Graphs;
import io.stagecoach.engine.dl4j.Networks;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.optimizer.LearningRateDecay;
import io.stagecoach.model.optimizer.OptimizerSettings;
import io.stagecoach.tensor.Tensors;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
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

/** A model that was kept and restored moves as one that was never interrupted, to the last bit. */
class RestoredModelTest {

  /** With several updaters, so that their state lies in several blocks. */
  private static String model(IUpdater updater, DataType type) {
    return Networks.base()
        .dataType(type)
        .updater(updater)
        .l2(1e-3)
        .list()
        .layer(new DenseLayer.Builder().nIn(8).nOut(7).build())
        .layer(new DenseLayer.Builder().nIn(7).nOut(6).updater(new Nesterovs(0.05, 0.9)).build())
        .layer(new BatchNormalization.Builder().nOut(6).build())
        .layer(new DenseLayer.Builder().nIn(6).nOut(5).biasUpdater(new Sgd(0.1)).build())
        .layer(
            new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(5)
                .nOut(3)
                .build())
        .build()
        .toJson();
  }

  static Stream<String> models() {
    List<String> models = new ArrayList<>();
    for (IUpdater updater :
        List.of(
            new Sgd(0.1),
            new NoOp(),
            new Adam(0.01),
            new AdaMax(0.01),
            new AdaDelta(),
            new AdaGrad(0.05),
            new AMSGrad(0.01),
            new Nadam(0.01),
            new Nesterovs(0.01, 0.9),
            new RmsProp(0.01))) {
      models.add(model(updater, DataType.FLOAT));
    }
    models.add(model(new Adam(0.01), DataType.DOUBLE));
    models.add(Networks.mlp());
    models.add(Networks.cnn());
    models.add(Networks.lstm());
    models.add(Networks.frozen());
    models.add(Networks.gpt());
    models.add(Networks.tiedGpt());
    models.add(Graphs.residual());
    models.add(Graphs.lstm());
    return models.stream();
  }

  private static void update(Dl4jModelUpdater model, long iteration) {
    // Gradients need not be a network's own: only the rule that they are applied by is looked at.
    INDArray gradients =
        Batches.uniform(iteration, model.parameters().length())
            .castTo(model.parameters().dataType());
    model.update(gradients, 4, iteration, (int) iteration / 3);
  }

  private static Dl4jModelUpdater throughAFile(Dl4jModelUpdater model) throws IOException {
    CheckpointStore store = new CheckpointStore(new CrashingStorage(), Clock.systemUTC());
    StateLayout layout = model.stateLayout();
    try (Checkpoint taken =
        new Checkpoint(
            Checkpoints.run(1),
            model.json(),
            StateLayout.views(layout.weights(), model.parameters()),
            StateLayout.views(layout.updater(), model.flatUpdaterState()))) {
      store.write(taken);
    }
    try (Checkpoint read = store.newest().orElseThrow()) {
      return Dl4jModelUpdater.restore(
          read.model(), read.weights(), read.updaterState(), model.iterations(), model.epochs());
    }
  }

  private static void assertSame(Dl4jModelUpdater restored, Dl4jModelUpdater other) {
    assertThat(restored.parameters().data().asBytes())
        .isEqualTo(other.parameters().data().asBytes());
    assertThat(restored.flatUpdaterState().toDoubleVector())
        .containsExactly(other.flatUpdaterState().toDoubleVector());
    assertThat(restored.iterations()).isEqualTo(other.iterations());
    assertThat(restored.epochs()).isEqualTo(other.epochs());
    assertThat(restored.json()).isEqualTo(other.json());
  }

  @ParameterizedTest
  @MethodSource("models")
  void goesOnAsIfNeverInterrupted(String json) throws IOException {
    try (Dl4jModelUpdater straight = Dl4jModelUpdater.create(json);
        Dl4jModelUpdater interrupted = Dl4jModelUpdater.create(json)) {
      for (int i = 0; i < 8; i++) {
        update(straight, i);
        if (i < 4) {
          update(interrupted, i);
        }
      }
      try (Dl4jModelUpdater restored = throughAFile(interrupted)) {
        assertSame(restored, interrupted);
        for (int i = 4; i < 8; i++) {
          update(restored, i);
        }
        assertSame(restored, straight);
      }
    }
  }

  /** Everything that is kept has a name, and every element one place. */
  @ParameterizedTest
  @MethodSource("models")
  void theTensorsAreAllOfTheState(String json) {
    try (Dl4jModelUpdater model = Dl4jModelUpdater.create(json)) {
      StateLayout layout = model.stateLayout();
      model.parameters().assign(1);
      model.flatUpdaterState().assign(1);
      try (Tensors weights = StateLayout.views(layout.weights(), model.parameters());
          Tensors updater = StateLayout.views(layout.updater(), model.flatUpdaterState())) {
        weights.asMap().values().forEach(view -> view.addi(1));
        updater.asMap().values().forEach(view -> view.addi(1));
      }
      assertThat(model.parameters().toDoubleVector()).containsOnly(2);
      if (!model.flatUpdaterState().isEmpty()) {
        assertThat(model.flatUpdaterState().toDoubleVector()).containsOnly(2);
      }
    }
  }

  /** Names and shapes are DL4J's: what another program finds in the file is what DL4J shows. */
  @Test
  void tensorsAreDl4jsParameters() {
    try (Dl4jModelUpdater model = Dl4jModelUpdater.create(Networks.cnn())) {
      try (Tensors weights = StateLayout.views(model.stateLayout().weights(), model.parameters())) {
        assertThat(weights.names()).isEqualTo(model.network().paramTable().keySet());
        model
            .network()
            .paramTable()
            .forEach((name, array) -> assertThat(weights.get(name)).isEqualTo(array));
      }
    }
  }

  /** A schedule goes on where it was, from the checkpoint's configuration alone. */
  @Test
  void learningRatesOfTheRunGoOn() throws IOException {
    OptimizerSettings settings =
        new OptimizerSettings(
            OptionalDouble.of(0.02),
            3,
            LearningRateDecay.COSINE,
            10,
            0.001,
            OptionalDouble.of(0.1));
    String json = model(new Adam(0.5), DataType.FLOAT);
    try (Dl4jModelUpdater straight = Dl4jModelUpdater.create(json);
        Dl4jModelUpdater interrupted = Dl4jModelUpdater.create(json)) {
      straight.optimize(settings);
      interrupted.optimize(settings);
      for (int i = 0; i < 9; i++) {
        update(straight, i);
        if (i < 5) {
          update(interrupted, i);
        }
      }
      try (Dl4jModelUpdater restored = throughAFile(interrupted)) {
        for (int i = 5; i < 9; i++) {
          update(restored, i);
        }
        assertSame(restored, straight);
      }
    }
  }

  @Test
  void tensorsOfAnotherModelAreRefused() {
    try (Dl4jModelUpdater one = Dl4jModelUpdater.create(model(new Adam(0.1), DataType.FLOAT));
        Tensors weights = StateLayout.views(one.stateLayout().weights(), one.parameters());
        Tensors updater = StateLayout.views(one.stateLayout().updater(), one.flatUpdaterState())) {
      assertThatThrownBy(() -> Dl4jModelUpdater.restore(Networks.lstm(), weights, updater, 1, 0))
          .isInstanceOf(StagecoachException.class)
          .hasMessageContaining("not those of the model's configuration");
      assertThatThrownBy(
              () ->
                  Dl4jModelUpdater.restore(
                      model(new Adam(0.1), DataType.DOUBLE), weights, updater, 1, 0))
          .isInstanceOf(StagecoachException.class);
    }
  }
}
