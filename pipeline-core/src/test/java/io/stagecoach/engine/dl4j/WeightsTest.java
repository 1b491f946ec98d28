package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.batch.Columns;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageModule;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.schedule.GPipe;
import io.stagecoach.schedule.OneForwardOneBackward;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;

/** Weights of rows: a step's loss is the sum of w_i times l_i, divided by the number of rows. */
class WeightsTest {

  private static final int ROWS = 7;
  private static final int INPUTS = 5;
  private static final int CLASSES = 3;
  private static final int TIME = 4;
  private static final long SEED = 9;

  /**
   * @param weights of the rows, or of their time steps
   */
  record Case(String name, String json, Tensors batch, INDArray weights) {

    Tensors weighted() {
      return batch.and(Batches.tensors(Columns.WEIGHTS, weights));
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> cases() {
    INDArray rows = weights(ROWS);
    Tensors vectors = Batches.vectors(5, ROWS, INPUTS, CLASSES);
    INDArray features = vectors.get(Columns.FEATURES);
    return Stream.of(
        new Case("classes", softmax(new LossMCXENT()), vectors, rows),
        new Case(
            "class indices",
            softmax(new LossMCXENT()),
            Batches.tensors(
                Columns.FEATURES, features, Columns.LABELS, Batches.classes(6, CLASSES, ROWS)),
            rows),
        // DL4J multiplies the gradient of a single output by its mask twice.
        new Case("one value", values(1, LossFunction.MSE), regression(features, 1, ROWS), rows),
        new Case(
            "one value, absolute error",
            values(1, LossFunction.L1),
            regression(features, 1, ROWS),
            rows),
        new Case("values", values(3, LossFunction.MSE), regression(features, 3, ROWS), rows),
        new Case(
            "loss layer",
            network(
                new LossLayer.Builder(LossFunction.XENT).activation(Activation.SIGMOID).build()),
            Batches.tensors(
                Columns.FEATURES,
                features,
                Columns.LABELS,
                Batches.classes(2, 2, ROWS, 4).castTo(DataType.DOUBLE)),
            rows),
        new Case("sequences, a weight each", lstm(), sequences(), rows),
        new Case(
            "sequences, a weight for each time step", lstm(), sequences(), weights(ROWS, TIME)));
  }

  private static INDArray weights(long... shape) {
    INDArray weights = Batches.uniform(8, shape).addi(1.1).muli(1.5);
    weights.putScalar(0, 0);
    return weights;
  }

  private static Tensors sequences() {
    return Batches.tensors(
        Columns.FEATURES,
        Batches.uniform(3, ROWS, INPUTS, TIME),
        Columns.LABELS,
        Batches.classes(4, CLASSES, ROWS, TIME));
  }

  private static Tensors regression(INDArray features, int values, int rows) {
    return Batches.tensors(
        Columns.FEATURES, features, Columns.LABELS, Batches.uniform(7, rows, values));
  }

  private static String network(Layer last) {
    return Networks.base()
        .list()
        .layer(new DenseLayer.Builder().nIn(INPUTS).nOut(6).build())
        .layer(new DenseLayer.Builder().nIn(6).nOut(4).build())
        .layer(last)
        .build()
        .toJson();
  }

  private static String softmax(LossMCXENT loss) {
    return network(
        new OutputLayer.Builder(loss).activation(Activation.SOFTMAX).nIn(4).nOut(CLASSES).build());
  }

  private static String values(int count, LossFunction loss) {
    return network(
        new OutputLayer.Builder(loss).activation(Activation.TANH).nIn(4).nOut(count).build());
  }

  private static String lstm() {
    return Networks.base()
        .list()
        .layer(new LSTM.Builder().nIn(INPUTS).nOut(6).build())
        .layer(new LSTM.Builder().nIn(6).nOut(4).build())
        .layer(
            new RnnOutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(4)
                .nOut(CLASSES)
                .build())
        .setInputType(InputType.recurrent(INPUTS))
        .build()
        .toJson();
  }

  private static InProcessPipeline pipeline(String json, List<Integer> cuts, int slots) {
    return pipeline(json, cuts, slots, new OneForwardOneBackward());
  }

  private static InProcessPipeline pipeline(
      String json, List<Integer> cuts, int slots, ScheduleAuthor author) {
    return new InProcessPipeline(json, cuts, slots, Recompute.NONE, author, SEED);
  }

  private static INDArray gradients(InProcessPipeline pipeline) {
    return Nd4j.concat(
        0,
        pipeline.stages().stream()
            .map(StageModule::gradients)
            .map(gradients -> gradients.flat().dup())
            .filter(flat -> flat.length() > 0)
            .toArray(INDArray[]::new));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theLossIsTheWeightedSumOfTheRowsLosses(Case tried) {
    double expected = 0;
    INDArray expectedGradients = null;
    boolean perStep = tried.weights().rank() == 2;
    try (InProcessPipeline each = pipeline(tried.json(), List.of(1), 1)) {
      for (int i = 0; i < ROWS; i++) {
        for (int t = 0; t < (perStep ? TIME : 1); t++) {
          // A row alone, without weights; of a sequence's steps all but one masked.
          Tensors alone = Batches.split(tried.batch(), ROWS).get(i);
          if (perStep) {
            INDArray mask = Nd4j.zeros(DataType.DOUBLE, 1, TIME);
            mask.putScalar(0, t, 1);
            alone = alone.and(Batches.tensors(Columns.LABELS_MASK, mask));
          }
          double weight = perStep ? tried.weights().getDouble(i, t) : tried.weights().getDouble(i);
          expected += weight * each.gradients(List.of(alone), 0, 0, false).sum();
          INDArray gradients = gradients(each).muli(weight);
          expectedGradients =
              expectedGradients == null ? gradients : expectedGradients.addi(gradients);
        }
      }
    }
    assertThat(expected).isGreaterThan(0.1);
    // Micro-batches of different sizes: 3, 3, 1; and of 4, 3; and one.
    for (int microBatches : new int[] {1, 2, 3}) {
      try (InProcessPipeline pipeline = pipeline(tried.json(), List.of(1, 2), microBatches)) {
        Loss loss = pipeline.gradients(Batches.split(tried.weighted(), microBatches), 0, 0, false);
        assertThat(loss.sum()).isCloseTo(expected, within(1e-9));
        assertThat(loss.examples()).isEqualTo(ROWS);
        assertThat(gradients(pipeline).sub(expectedGradients).amaxNumber().doubleValue())
            .isLessThan(1e-9);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void aWeightOfOneChangesNothingToTheLastBit(Case tried) {
    Tensors ones =
        tried.batch().and(Batches.tensors(Columns.WEIGHTS, Nd4j.onesLike(tried.weights())));
    assertThat(trained(tried.json(), List.of(1), new GPipe(), ones))
        .isEqualTo(trained(tried.json(), List.of(1), new GPipe(), tried.batch()));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyCutAndScheduleTrainsTheSame(Case tried) {
    INDArray whole = trained(tried.json(), List.of(), new GPipe(), tried.weighted());
    for (List<Integer> cuts : List.of(List.of(1), List.of(2), List.of(1, 2))) {
      for (ScheduleAuthor author : List.of(new GPipe(), new OneForwardOneBackward())) {
        assertThat(trained(tried.json(), cuts, author, tried.weighted())).isEqualTo(whole);
      }
    }
    assertThat(trained(tried.json(), List.of(1), new GPipe(), tried.batch())).isNotEqualTo(whole);
  }

  private static INDArray trained(
      String json, List<Integer> cuts, ScheduleAuthor author, Tensors batch) {
    try (InProcessPipeline pipeline = pipeline(json, cuts, 3, author)) {
      for (int step = 0; step < 4; step++) {
        pipeline.step(Batches.split(batch, 3), step, 0, false);
      }
      return pipeline.updater().parameters().dup();
    }
  }

  @Test
  void classWeightsAreThoseOfDl4jsOwnLoss() {
    INDArray ofClasses = Nd4j.create(new double[] {0.5, 3, 1.25});
    String weightedLoss = softmax(new LossMCXENT(ofClasses));
    INDArray expected;
    double expectedLoss = 0;
    List<List<Tensors>> steps = new ArrayList<>();
    for (int step = 0; step < 5; step++) {
      Tensors batch = Batches.vectors(100L * step, ROWS, INPUTS, CLASSES);
      INDArray weights = batch.get(Columns.LABELS).mmul(ofClasses.reshape(CLASSES, 1));
      steps.add(
          Batches.split(batch.and(Batches.tensors(Columns.WEIGHTS, weights.reshape(ROWS))), 3));
    }
    try (UncutTrainer uncut = new UncutTrainer(weightedLoss, SEED)) {
      for (int step = 0; step < steps.size(); step++) {
        expectedLoss = uncut.step(steps.get(step), step, 0);
      }
      expected = uncut.parameters().dup();
    }
    try (InProcessPipeline pipeline = pipeline(softmax(new LossMCXENT()), List.of(1, 2), 3)) {
      Loss loss = Loss.none();
      for (int step = 0; step < steps.size(); step++) {
        loss = pipeline.step(steps.get(step), step, 0, false);
      }
      assertThat(loss.sum()).isCloseTo(expectedLoss, within(1e-9));
      assertThat(pipeline.updater().parameters().sub(expected).amaxNumber().doubleValue())
          .isLessThan(1e-9);
    }
  }

  @Test
  void aWeightOfTwoIsTheRowTwice() {
    Tensors batch = Batches.vectors(5, ROWS, INPUTS, CLASSES);
    INDArray two = Nd4j.ones(DataType.DOUBLE, ROWS);
    two.putScalar(3, 2);
    Map<String, INDArray> twice = new LinkedHashMap<>();
    batch
        .asMap()
        .forEach(
            (name, array) ->
                twice.put(name, Nd4j.concat(0, array, array.getRow(3).reshape(1, array.size(1)))));
    String json = softmax(new LossMCXENT());
    try (InProcessPipeline weighted = pipeline(json, List.of(1), 2);
        InProcessPipeline doubled = pipeline(json, List.of(1), 2)) {
      Loss loss =
          weighted.gradients(
              Batches.split(batch.and(Batches.tensors(Columns.WEIGHTS, two)), 2), 0, 0, false);
      Loss lossTwice = doubled.gradients(Batches.split(Tensors.of(twice), 2), 0, 0, false);
      assertThat(loss.sum()).isCloseTo(lossTwice.sum(), within(1e-12));
      assertThat(gradients(weighted).sub(gradients(doubled)).amaxNumber().doubleValue())
          .isLessThan(1e-12);
      assertThat(loss.examples()).isEqualTo(ROWS);
      assertThat(lossTwice.examples()).isEqualTo(ROWS + 1L);
    }
  }

  @Test
  void anOutputThatTakesNoWeightsSaysSo() {
    String json =
        Networks.base()
            .list()
            .layer(new ConvolutionLayer.Builder(1, 1).nOut(2).build())
            .layer(
                new CnnLossLayer.Builder(LossFunction.MCXENT)
                    .activation(Activation.SOFTMAX)
                    .build())
            .setInputType(InputType.convolutional(2, 2, 1))
            .build()
            .toJson();
    Tensors batch =
        Batches.tensors(
            Columns.FEATURES,
            Batches.uniform(1, 2, 1, 2, 2),
            Columns.LABELS,
            Batches.uniform(2, 2, 2, 2, 2),
            Columns.WEIGHTS,
            Nd4j.ones(DataType.DOUBLE, 2));
    try (InProcessPipeline pipeline = pipeline(json, List.of(1), 1)) {
      assertThatThrownBy(() -> pipeline.gradients(List.of(batch), 0, 0, false))
          .isInstanceOfSatisfying(
              StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL))
          .hasMessageContaining("CnnLossLayer");
    }
  }
}
