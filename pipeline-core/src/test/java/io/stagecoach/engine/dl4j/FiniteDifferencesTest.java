package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.batch.Columns;
import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.engine.ParameterLayout.View;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageModule;
import io.stagecoach.schedule.OneForwardOneBackward;
import io.stagecoach.tensor.Tensors;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * The gradients of a cut network against central differences of its loss, in double. Nothing of
 * DL4J's back-propagation is on the other side; random masks stay the same, being keyed.
 */
class FiniteDifferencesTest {

  private static final double STEP = 1e-6;
  private static final int MOST_PER_TENSOR = 4;

  record Case(String name, String json, List<Integer> cuts, Tensors first, Tensors batch) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> cases() {
    Tensors none = Tensors.none();
    return Stream.of(
        new Case("MLP", mlp(), List.of(1, 2), none, Batches.vectors(5, 7, 5, 3)),
        new Case("MLP, class indices", mlp(), List.of(2), none, indices()),
        new Case("MLP, weights", mlp(), List.of(2), none, weighted()),
        new Case("one value, weights", oneValue(), List.of(1), none, weightedValue()),
        new Case(
            "residual graph", Graphs.residual(), List.of(3, 8), none, Batches.images(5, 5, 6, 3)),
        new Case(
            "graph of several inputs and outputs",
            Graphs.several(),
            List.of(2, 4),
            none,
            several()),
        new Case(
            "graph, shared input",
            Graphs.sharedInput(),
            List.of(2),
            none,
            Batches.vectors(5, 7, 5, 3)),
        new Case(
            "graph, LSTM with carried state",
            Graphs.truncatedLstm(),
            List.of(2, 3),
            Batches.sequences(5, 5, 4, 3, 2),
            Batches.sequences(6, 5, 4, 3, 2)),
        new Case("CNN", cnn(), List.of(1, 3), none, Batches.images(5, 5, 6, 3)),
        new Case(
            "LSTM with masks",
            recurrent(new LSTM.Builder().nOut(4).dropOut(0.8).build(), false),
            List.of(1, 2),
            none,
            Batches.sequences(5, 5, 3, 3, 4)),
        new Case(
            "bidirectional, last time step",
            lastTimeStep(),
            List.of(1, 2),
            none,
            Batches.tensors(
                Columns.FEATURES,
                Batches.uniform(3, 4, 3, 3),
                Columns.LABELS,
                Batches.oneHot(Batches.classes(4, 3, 4), 3))),
        new Case(
            "bidirectional with masks, pooled",
            pooled(),
            List.of(1, 2),
            none,
            Batches.tensors(
                Columns.FEATURES,
                Batches.uniform(3, 4, 3, 3),
                Columns.FEATURES_MASK,
                Batches.sequences(5, 4, 3, 3, 3).get(Columns.FEATURES_MASK),
                Columns.LABELS,
                Batches.oneHot(Batches.classes(4, 3, 4), 3))),
        truncated("LSTM", new LSTM.Builder().nOut(4).build()),
        truncated("Graves LSTM", graves()));
  }

  @SuppressWarnings("deprecation") // Old configurations still have GravesLSTM.
  private static Layer graves() {
    return new GravesLSTM.Builder().nOut(4).build();
  }

  private static Case truncated(String name, Layer layer) {
    return new Case(
        name + ", second time segment",
        recurrent(layer, true),
        List.of(1, 2),
        Batches.sequences(5, 4, 3, 3, 3),
        Batches.sequences(6, 4, 3, 3, 3));
  }

  private static Tensors indices() {
    return Batches.tensors(
        Columns.FEATURES,
        Batches.uniform(3, 7, 5),
        Columns.LABELS,
        Batches.classes(4, 3, 7),
        Columns.LABELS_MASK,
        Batches.oneHot(Batches.classes(2, 2, 7), 2).getColumn(0).dup());
  }

  private static Tensors weighted() {
    return Batches.vectors(5, 7, 5, 3)
        .and(Batches.tensors(Columns.WEIGHTS, Batches.uniform(8, 7).addi(1.5)));
  }

  private static Tensors weightedValue() {
    return Batches.tensors(
        Columns.FEATURES,
        Batches.uniform(5, 7, 5),
        Columns.LABELS,
        Batches.uniform(6, 7, 1),
        Columns.WEIGHTS,
        Batches.uniform(8, 7).addi(1.5));
  }

  private static String oneValue() {
    return Networks.base()
        .list()
        .layer(new DenseLayer.Builder().nIn(5).nOut(4).build())
        .layer(new DenseLayer.Builder().nIn(4).nOut(4).build())
        .layer(
            new OutputLayer.Builder(LossFunction.MSE)
                .activation(Activation.TANH)
                .nIn(4)
                .nOut(1)
                .build())
        .build()
        .toJson();
  }

  private static String mlp() {
    return Networks.base()
        .list()
        .layer(new DenseLayer.Builder().nIn(5).nOut(4).build())
        .layer(new DenseLayer.Builder().nIn(4).nOut(4).dropOut(0.7).build())
        .layer(
            new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(4)
                .nOut(3)
                .build())
        .build()
        .toJson();
  }

  private static String cnn() {
    return Networks.base()
        .list()
        .layer(new ConvolutionLayer.Builder(3, 3).nOut(3).build())
        .layer(new BatchNormalization())
        .layer(
            new SubsamplingLayer.Builder(
                    SubsamplingLayer.PoolingType.AVG, new int[] {2, 2}, new int[] {2, 2})
                .build())
        .layer(new DenseLayer.Builder().nOut(4).dropOut(0.8).build())
        .layer(
            new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(3)
                .build())
        .setInputType(InputType.convolutional(6, 6, 1))
        .build()
        .toJson();
  }

  private static String recurrent(Layer layer, boolean truncated) {
    var list =
        Networks.base()
            .list()
            .layer(new DenseLayer.Builder().nOut(4).build())
            .layer(layer)
            .layer(
                new RnnOutputLayer.Builder(LossFunction.MCXENT)
                    .activation(Activation.SOFTMAX)
                    .nOut(3)
                    .build())
            .setInputType(InputType.recurrent(3));
    if (truncated) {
      list.backpropType(BackpropType.TruncatedBPTT).tBPTTLength(3);
    }
    return list.build().toJson();
  }

  private static String lastTimeStep() {
    return Networks.base()
        .list()
        .layer(new Bidirectional(Bidirectional.Mode.CONCAT, new LSTM.Builder().nOut(3).build()))
        .layer(new LastTimeStep(new LSTM.Builder().nOut(4).build()))
        .layer(
            new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(3)
                .build())
        .setInputType(InputType.recurrent(3))
        .build()
        .toJson();
  }

  private static Tensors several() {
    return Batches.tensors(
        Columns.features("early"),
        Batches.uniform(1, 7, 4),
        Columns.features("late"),
        Batches.uniform(2, 7, 2),
        Columns.labels("classes"),
        Batches.oneHot(Batches.classes(3, 3, 7), 3),
        Columns.labels("side"),
        Batches.uniform(4, 7, 1));
  }

  private static String pooled() {
    return Networks.base()
        .list()
        .layer(new Bidirectional(Bidirectional.Mode.ADD, new LSTM.Builder().nOut(3).build()))
        .layer(new GlobalPoolingLayer.Builder(PoolingType.AVG).build())
        .layer(
            new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(3)
                .build())
        .setInputType(InputType.recurrent(3))
        .build()
        .toJson();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradientsAreTheSlopeOfTheLoss(Case tried) {
    try (InProcessPipeline pipeline =
        new InProcessPipeline(
            tried.json(), tried.cuts(), 2, Recompute.NONE, new OneForwardOneBackward(), 9)) {
      long step = 0;
      boolean carries = !tried.first().isEmpty();
      if (carries) {
        pipeline.gradients(Batches.split(tried.first(), 2), step++, 0, false);
      }
      List<Tensors> microBatches = Batches.split(tried.batch(), 2);
      pipeline.gradients(microBatches, step, 0, carries);
      List<INDArray> computed =
          pipeline.stages().stream().map(StageModule::gradients).map(g -> g.flat().dup()).toList();
      INDArray weights = pipeline.updater().parameters();
      int checked = 0;
      long offset = 0;
      for (int s = 0; s < computed.size(); s++) {
        for (View view : pipeline.stages().get(s).parameterLayout().views()) {
          if (view.kind() == Kind.TRAINABLE) {
            long stride = Math.max(1, view.length() / MOST_PER_TENSOR);
            for (long i = view.offset(); i < view.offset() + view.length(); i += stride) {
              double slope = slope(pipeline, weights, offset + i, microBatches, step, carries);
              assertThat(computed.get(s).getDouble(i))
                  .as("%s, element %d", view.name(), i - view.offset())
                  .isCloseTo(slope, org.assertj.core.api.Assertions.within(1e-6));
              checked++;
            }
          }
        }
        offset += computed.get(s).length();
      }
      assertThat(checked).isGreaterThan(20);
      assertThat(computed.get(0).norm2Number().doubleValue()).isGreaterThan(1e-3);
    }
  }

  private static double slope(
      InProcessPipeline pipeline,
      INDArray weights,
      long index,
      List<Tensors> microBatches,
      long step,
      boolean carries) {
    double kept = weights.getDouble(index);
    weights.putScalar(index, kept + STEP);
    double above = pipeline.gradients(microBatches, step, 0, carries).sum();
    weights.putScalar(index, kept - STEP);
    double below = pipeline.gradients(microBatches, step, 0, carries).sum();
    weights.putScalar(index, kept);
    return (above - below) / (2 * STEP);
  }
}
