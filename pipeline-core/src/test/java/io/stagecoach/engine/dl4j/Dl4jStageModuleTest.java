package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.batch.Columns;
import io.stagecoach.engine.Forward;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.engine.ParameterLayout.View;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.schedule.GPipe;
import io.stagecoach.schedule.OneForwardOneBackward;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.memory.AllocationsTracker;
import org.nd4j.linalg.api.memory.enums.AllocationKind;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class Dl4jStageModuleTest {

  private static final long SEED = 21;

  private static InProcessPipeline pipeline(String json, List<Integer> cuts) {
    return new InProcessPipeline(json, cuts, 4, Recompute.NONE, new OneForwardOneBackward(), SEED);
  }

  private static INDArray gradients(InProcessPipeline pipeline) {
    return Nd4j.concat(
        0,
        pipeline.stages().stream().map(stage -> stage.gradients().flat()).toArray(INDArray[]::new));
  }

  @Test
  void neitherChangesItsInputsNorKeepsItsOutputs() {
    String json =
        Networks.base()
            .list()
            .layer(new DropoutLayer.Builder(0.5).nIn(5).nOut(5).build())
            .layer(new ActivationLayer(Activation.RELU))
            .layer(new DropoutLayer.Builder(0.5).nIn(5).nOut(5).build())
            .layer(
                new OutputLayer.Builder(LossFunction.MSE)
                    .activation(Activation.TANH)
                    .dropOut(0.5)
                    .nIn(5)
                    .nOut(3)
                    .build())
            .build()
            .toJson();
    INDArray weights = Batches.uniform(4, 18);
    for (Mode mode : List.of(Mode.TRAINING, Mode.INFERENCE)) {
      INDArray untouched = passes(json, weights, mode, false);
      assertThat(passes(json, weights, mode, true)).isEqualTo(untouched);
    }
  }

  /** The gradients, or the predictions, of a pipeline of four stages of one layer. */
  private static INDArray passes(String json, INDArray weights, Mode mode, boolean spoilOutputs) {
    List<StageModule> stages = new ArrayList<>();
    for (int s = 0; s < 4; s++) {
      stages.add(new Dl4jStageModule(new StageSpec(json, s, 4, s, s + 1, 1, Recompute.NONE, SEED)));
    }
    stages.get(3).setParameters(weights);
    Tensors batch = Batches.vectors(1, 6, 5, 3);
    stages.forEach(stage -> stage.beginStep(new StepContext(3, 0, 0, 1, mode, false)));
    List<Tensors> inputs = new ArrayList<>();
    List<Tensors> copies = new ArrayList<>();
    Forward forward = null;
    for (StageModule stage : stages) {
      Tensors in = batch;
      if (forward != null) {
        // What the stage before gave is handed over as a copy, so that spoiling it must not matter.
        in = copy(forward.outputs()).and(batch);
        if (spoilOutputs) {
          forward.outputs().asMap().values().forEach(array -> array.assign(Double.NaN));
        }
      }
      inputs.add(in);
      copies.add(copy(in));
      forward = stage.forward(0, in);
    }
    INDArray result;
    if (mode == Mode.TRAINING) {
      Tensors gradients = Tensors.none();
      for (int s = 3; s >= 0; s--) {
        Tensors lent = copy(gradients);
        Tensors kept = copy(gradients);
        Tensors next = stages.get(s).backward(0, lent);
        assertSame(lent, kept);
        gradients = next;
      }
      result = stages.get(3).gradients().flat().dup();
    } else {
      result = forward.outputs().get(Boundary.ACTIVATIONS).dup();
    }
    for (int s = 0; s < 4; s++) {
      assertSame(inputs.get(s), copies.get(s));
    }
    stages.forEach(StageModule::close);
    return result;
  }

  private static Tensors copy(Tensors tensors) {
    return Tensors.of(
        tensors.asMap().entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().dup())));
  }

  private static void assertSame(Tensors actual, Tensors expected) {
    expected.asMap().forEach((name, array) -> assertThat(actual.get(name)).isEqualTo(array));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anAbandonedAttemptLeavesNoTrace(boolean truncated) {
    String json = truncated ? Networks.truncatedLstm() : Networks.mlp();
    List<Tensors> batch =
        Batches.split(
            truncated ? Batches.sequences(1, 8, 4, 3, 2) : Batches.vectors(1, 8, 8, 3), 4);
    try (InProcessPipeline straight = pipeline(json, List.of(2));
        InProcessPipeline stumbling = pipeline(json, List.of(2))) {
      for (InProcessPipeline both : List.of(straight, stumbling)) {
        both.gradients(batch, 0, 0, false);
      }
      StageModule first = stumbling.stages().get(0);
      first.beginStep(new StepContext(1, 0, 0, 4, Mode.TRAINING, truncated));
      first.forward(0, batch.get(0)).outputs().close();
      first.forward(1, batch.get(1)).outputs().close();
      straight.gradients(batch, 1, 0, truncated);
      stumbling.gradients(batch, 1, 0, truncated);
      assertThat(gradients(stumbling)).isEqualTo(gradients(straight));
    }
  }

  /** A stage that is built anew in the middle of its sequences, on another executor. */
  @Test
  void carriedStateGoesOnInAnotherModule() {
    List<Tensors> batch = Batches.split(Batches.sequences(1, 8, 4, 3, 2), 4);
    try (InProcessPipeline straight = pipeline(Networks.truncatedLstm(), List.of(2));
        InProcessPipeline before = pipeline(Networks.truncatedLstm(), List.of(2));
        InProcessPipeline after = pipeline(Networks.truncatedLstm(), List.of(2))) {
      for (InProcessPipeline both : List.of(straight, before)) {
        both.gradients(batch, 0, 0, false);
      }
      for (int stage = 0; stage < 2; stage++) {
        Map<String, INDArray> state = before.stages().get(stage).carriedState();
        // Of each of four micro-batches, what its one LSTM layer goes on with.
        assertThat(state).hasSize(8);
        after.stages().get(stage).restoreCarriedState(state);
      }
      straight.gradients(batch, 1, 0, true);
      after.gradients(batch, 1, 0, true);
      assertThat(gradients(after)).isEqualTo(gradients(straight));
    }
    try (InProcessPipeline whole = pipeline(Networks.mlp(), List.of(2))) {
      whole.gradients(Batches.split(Batches.vectors(1, 8, 8, 3), 4), 0, 0, false);
      assertThat(whole.stages()).allSatisfy(stage -> assertThat(stage.carriedState()).isEmpty());
    }
  }

  @Test
  void stateThatWasLostIsSaid() {
    try (InProcessPipeline pipeline = pipeline(Networks.truncatedLstm(), List.of(2))) {
      List<Tensors> batch = Batches.split(Batches.sequences(1, 4, 4, 3, 2), 2);
      assertThatThrownBy(() -> pipeline.gradients(batch, 5, 0, true))
          .isInstanceOf(StagecoachException.class)
          .hasMessageContaining("No recurrent state");
    }
  }

  @Test
  void masksDependOnStepAndMicroBatchOnly() {
    List<Tensors> same = List.of(Batches.vectors(1, 4, 8, 3), Batches.vectors(1, 4, 8, 3));
    try (InProcessPipeline one = pipeline(Networks.mlp(), List.of(2));
        InProcessPipeline other = pipeline(Networks.mlp(), List.of(1, 3));
        InProcessPipeline otherSeed =
            new InProcessPipeline(
                Networks.mlp(), List.of(2), 4, Recompute.NONE, new GPipe(), SEED + 1)) {
      double loss = one.gradients(same.subList(0, 1), 0, 0, false).sum();
      double both = one.gradients(same, 0, 0, false).sum();
      assertThat(both - loss).isNotEqualTo(loss);
      assertThat(one.gradients(same.subList(0, 1), 1, 0, false).sum()).isNotEqualTo(loss);
      assertThat(otherSeed.gradients(same.subList(0, 1), 0, 0, false).sum()).isNotEqualTo(loss);
      assertThat(other.gradients(same.subList(0, 1), 0, 0, false).sum()).isEqualTo(loss);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void batchNormStatisticsAreTheWeightedMeanOverMicroBatches(boolean logarithmic) {
    double decay = 0.9;
    String json =
        Networks.base()
            .list()
            .layer(
                new BatchNormalization.Builder()
                    .decay(decay)
                    .useLogStd(logarithmic)
                    .nIn(3)
                    .nOut(3)
                    .build())
            .layer(
                new OutputLayer.Builder(LossFunction.MSE)
                    .activation(Activation.IDENTITY)
                    .nIn(3)
                    .nOut(2)
                    .build())
            .build()
            .toJson();
    INDArray features = Batches.uniform(1, 10, 3);
    // Three micro-batches of 4, 4 and 2 examples.
    List<Tensors> batch =
        Batches.split(
            Batches.tensors(Columns.FEATURES, features, Columns.LABELS, Batches.uniform(2, 10, 2)),
            3);
    int checked = 0;
    try (InProcessPipeline pipeline = pipeline(json, List.of(1))) {
      pipeline.step(batch, 0, 0, false);
      for (View view : pipeline.updater().parameterLayout().views()) {
        if (view.kind() != Kind.STATISTIC) {
          continue;
        }
        for (int channel = 0; channel < 3; channel++) {
          double expected = 0;
          int from = 0;
          for (int rows : new int[] {4, 4, 2}) {
            expected += rows / 10.0 * after(view.name(), decay, features, from, rows, channel);
            from += rows;
          }
          assertThat(pipeline.updater().parameters().getDouble(view.offset() + channel))
              .as("%s %d", view.name(), channel)
              .isCloseTo(expected, within(1e-12));
          checked++;
        }
      }
    }
    assertThat(checked).isEqualTo(6);
  }

  /** What a statistic would be after this micro-batch alone; mean 0 and variance 1 before it. */
  private static double after(
      String name, double decay, INDArray values, int from, int rows, int column) {
    double sum = 0;
    double squares = 0;
    for (int i = from; i < from + rows; i++) {
      sum += values.getDouble(i, column);
      squares += values.getDouble(i, column) * values.getDouble(i, column);
    }
    double mean = sum / rows;
    double variance = decay + (1 - decay) * (squares / rows - mean * mean);
    if (name.endsWith("mean")) {
      return (1 - decay) * mean;
    }
    return name.endsWith("var") ? variance : Math.log10(Math.sqrt(variance));
  }

  @Test
  void countsLabelsAndClasses() {
    INDArray labels = Nd4j.createFromArray(0, 2, 1, 2);
    INDArray mask = Nd4j.createFromArray(1.0, 1.0, 0.0, 1.0);
    INDArray features = Batches.uniform(1, 4, 8);
    try (InProcessPipeline pipeline = pipeline(Networks.mlp(), List.of(2))) {
      Forward seen =
          pipeline.infer(
              Batches.tensors(
                  Columns.FEATURES, features, Columns.LABELS, labels, Columns.LABELS_MASK, mask));
      INDArray predicted = ((MultiLayerNetwork) pipeline.updater().network()).output(features);
      // Predictions at masked rows do not count, so they need not be compared.
      List<Long> expected = new ArrayList<>(java.util.Collections.nCopies(9, 0L));
      double loss = 0;
      for (int row : new int[] {0, 1, 3}) {
        int cell = labels.getInt(row) * 3 + predicted.getRow(row).argMax().getInt(0);
        expected.set(cell, expected.get(cell) + 1);
        loss -= Math.log(predicted.getDouble(row, labels.getInt(row)));
      }
      assertThat(seen.loss().confusion()).isEqualTo(expected);
      assertThat(seen.loss().examples()).isEqualTo(4);
      assertThat(seen.loss().timeSteps()).isEqualTo(3);
      assertThat(seen.loss().sum()).isCloseTo(loss, within(1e-9));
    }
  }

  @Test
  void countsTimeStepsAndClassesOfSequences() {
    Tensors batch = Batches.sequences(4, 5, 4, 3, 6);
    INDArray indices = Batches.classes(5, 3, 5, 6);
    Tensors asIndices =
        Batches.tensors(
            Columns.FEATURES,
            batch.get(Columns.FEATURES),
            Columns.LABELS,
            indices,
            Columns.LABELS_MASK,
            batch.get(Columns.LABELS_MASK));
    Tensors asVectors =
        Batches.tensors(
            Columns.FEATURES,
            batch.get(Columns.FEATURES),
            Columns.LABELS,
            Batches.oneHot(indices, 3),
            Columns.LABELS_MASK,
            batch.get(Columns.LABELS_MASK));
    try (InProcessPipeline pipeline = pipeline(Networks.lstm(), List.of(2))) {
      Loss fused = pipeline.infer(asIndices).loss();
      Loss plain = pipeline.infer(asVectors).loss();
      INDArray output =
          ((MultiLayerNetwork) pipeline.updater().network()).output(batch.get(Columns.FEATURES));
      long[] expected = new long[9];
      double loss = 0;
      long steps = 0;
      for (int i = 0; i < 5; i++) {
        for (int t = 0; t < 6; t++) {
          if (batch.get(Columns.LABELS_MASK).getDouble(i, t) != 0) {
            int actual = indices.getInt(i, t);
            INDArray one =
                output.get(NDArrayIndex.point(i), NDArrayIndex.all(), NDArrayIndex.point(t));
            expected[actual * 3 + one.argMax().getInt(0)]++;
            loss -= Math.log(one.getDouble(actual));
            steps++;
          }
        }
      }
      for (Loss each : List.of(fused, plain)) {
        assertThat(each.confusion().stream().mapToLong(Long::longValue).toArray())
            .isEqualTo(expected);
        assertThat(each.timeSteps()).isEqualTo(steps);
        assertThat(each.examples()).isEqualTo(5);
        assertThat(each.sum()).isCloseTo(loss, within(1e-9));
      }
      pipeline.gradients(Batches.split(asIndices, 2), 0, 0, false);
      INDArray ofIndices = gradients(pipeline);
      pipeline.gradients(Batches.split(asVectors, 2), 0, 0, false);
      assertThat(ofIndices.sub(gradients(pipeline)).amaxNumber().doubleValue()).isLessThan(1e-13);
    }
  }

  @Test
  void regularizationIsThatOfTheWholeNetwork() {
    MultiLayerNetwork whole =
        new MultiLayerNetwork(MultiLayerConfiguration.fromJson(Networks.mlp()));
    whole.init();
    try (InProcessPipeline pipeline = pipeline(Networks.mlp(), List.of(2))) {
      pipeline.gradients(List.of(Batches.vectors(1, 4, 8, 3)), 0, 0, false);
      double sum =
          pipeline.stages().stream().mapToDouble(s -> s.gradients().regularization()).sum();
      assertThat(sum).isCloseTo(whole.calcRegularizationScore(true), within(1e-12));
      assertThat(sum).isPositive();
    }
  }

  @Test
  void badDataIsADataError() {
    try (InProcessPipeline pipeline = pipeline(Networks.mlp(), List.of(2))) {
      assertData(
          pipeline,
          Batches.tensors(
              Columns.FEATURES,
              Batches.uniform(1, 2, 8),
              Columns.LABELS,
              Nd4j.createFromArray(0, 3)),
          "Label 3");
      assertData(pipeline, Batches.vectors(1, 4, 7, 3), "7");
      assertData(
          pipeline,
          Batches.tensors(Columns.FEATURES, Batches.uniform(1, 2, 8)),
          "no column labels");
    }
  }

  private static void assertData(InProcessPipeline pipeline, Tensors batch, String text) {
    assertThatThrownBy(() -> pipeline.gradients(List.of(batch), 0, 0, false))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.DATA))
        .hasMessageContaining(text);
  }

  @Test
  void readsOnlyItsOwnColumns() {
    String json =
        Networks.base()
            .list()
            .layer(new DenseLayer.Builder().nIn(2).nOut(2).build())
            .layer(new DenseLayer.Builder().nIn(2).nOut(2).build())
            .layer(
                new OutputLayer.Builder(LossFunction.MSE)
                    .activation(Activation.IDENTITY)
                    .nIn(2)
                    .nOut(2)
                    .build())
            .build()
            .toJson();
    try (InProcessPipeline pipeline = pipeline(json, List.of(1, 2))) {
      assertThat(pipeline.stages().get(0).dataColumns())
          .containsExactlyInAnyOrder(Columns.FEATURES, Columns.FEATURES_MASK);
      assertThat(pipeline.stages().get(1).dataColumns()).isEmpty();
      assertThat(pipeline.stages().get(2).dataColumns())
          .containsExactlyInAnyOrder(Columns.LABELS, Columns.LABELS_MASK, Columns.WEIGHTS);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mlp", "lstm", "gpt"})
  void hundredsOfStepsTakeNoMoreMemory(String name) {
    boolean sequences = !"mlp".equals(name);
    String json;
    Tensors rows;
    switch (name) {
      case "mlp" -> {
        json = Networks.mlp();
        rows = Batches.vectors(1, 8, 8, 3);
      }
      case "lstm" -> {
        json = Networks.lstm();
        rows = Batches.sequences(1, 6, 4, 3, 2);
      }
      default -> {
        json = Networks.gpt();
        rows = Batches.tokens(1, 6, 7, 5);
      }
    }
    List<Tensors> batch = Batches.split(rows, 2);
    try (InProcessPipeline pipeline = pipeline(json, List.of(2))) {
      for (int step = 0; step < 20; step++) {
        pipeline.gradients(batch, step, 0, false);
      }
      long before = offHeap();
      for (int step = 20; step < (sequences ? 80 : 320); step++) {
        pipeline.gradients(batch, step, 0, false);
      }
      assertThat(offHeap()).isLessThan(before + (64 << 10));
    }
  }

  private static long offHeap() {
    AllocationsTracker tracker = AllocationsTracker.getInstance();
    return tracker.bytesOnDevice(AllocationKind.GENERAL, 0)
        + tracker.bytesOnDevice(AllocationKind.WORKSPACE, 0);
  }
}
