package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.batch.Columns;
import io.stagecoach.engine.Recompute;
import io.stagecoach.schedule.GPipe;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration.ListBuilder;
import org.deeplearning4j.nn.conf.distribution.NormalDistribution;
import org.deeplearning4j.nn.conf.dropout.AlphaDropout;
import org.deeplearning4j.nn.conf.dropout.GaussianNoise;
import org.deeplearning4j.nn.conf.dropout.SpatialDropout;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.Cnn3DLossLayer;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.GravesBidirectionalLSTM;
import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.SpaceToDepthLayer;
import org.deeplearning4j.nn.conf.layers.Subsampling1DLayer;
import org.deeplearning4j.nn.conf.layers.Subsampling3DLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling1D;
import org.deeplearning4j.nn.conf.layers.Upsampling2D;
import org.deeplearning4j.nn.conf.layers.Upsampling3D;
import org.deeplearning4j.nn.conf.layers.ZeroPadding1DLayer;
import org.deeplearning4j.nn.conf.layers.ZeroPadding3DLayer;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping1D;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping2D;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping3D;
import org.deeplearning4j.nn.conf.layers.misc.ElementWiseMultiplicationLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.layers.misc.RepeatVector;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.layers.recurrent.TimeDistributed;
import org.deeplearning4j.nn.conf.layers.util.MaskLayer;
import org.deeplearning4j.nn.conf.layers.util.MaskZeroLayer;
import org.deeplearning4j.nn.conf.weightnoise.WeightNoise;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Each kind of layer, cut off from its neighbours on both sides, against the uncut network: the
 * weights after two steps of two micro-batches are the same to the bit.
 */
@SuppressWarnings("deprecation") // Old configurations still have the Graves layers.
class LayersTest {

  private static final int ROWS = 5;

  record Case(String name, String json, LongFunction<Tensors> data) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> cases() {
    List<Case> all = new ArrayList<>();
    for (Layer layer :
        List.of(
            new ActivationLayer(Activation.ELU),
            new BatchNormalization(),
            new BatchNormalization.Builder().useLogStd(true).build(),
            new BatchNormalization.Builder(true).build(),
            new DropoutLayer(0.6),
            new DropoutLayer(new AlphaDropout(0.7)),
            new DropoutLayer(new GaussianNoise(0.2)),
            new DenseLayer.Builder()
                .nOut(4)
                .weightNoise(new WeightNoise(new NormalDistribution(0, 0.1)))
                .build(),
            new DenseLayer.Builder().nOut(4).hasLayerNorm(true).build(),
            new ElementWiseMultiplicationLayer.Builder().nOut(4).build(),
            new PReLULayer.Builder().inputShape(4).build(),
            new FrozenLayerWithBackprop(new DenseLayer.Builder().nOut(4).build()))) {
      all.add(vectors(layer));
    }
    for (Layer layer :
        List.of(
            new BatchNormalization(),
            new ConvolutionLayer.Builder(3, 3).nOut(2).build(),
            new Cropping2D(1, 1),
            new Deconvolution2D.Builder(2, 2).nOut(2).build(),
            new DepthwiseConvolution2D.Builder(2, 2).depthMultiplier(2).build(),
            new DropoutLayer(new SpatialDropout(0.6)),
            new PReLULayer.Builder().inputShape(2, 4, 4).build(),
            new SeparableConvolution2D.Builder(2, 2).nOut(2).build(),
            new SpaceToDepthLayer.Builder<>(2).build(),
            new SubsamplingLayer.Builder(
                    SubsamplingLayer.PoolingType.MAX, new int[] {2, 2}, new int[] {2, 2})
                .build(),
            new SubsamplingLayer.Builder(
                    SubsamplingLayer.PoolingType.AVG, new int[] {2, 2}, new int[] {2, 2})
                .build(),
            new Upsampling2D.Builder(2).build(),
            new ZeroPaddingLayer(1, 1))) {
      all.add(images(layer));
    }
    for (Layer layer :
        List.of(
            new Bidirectional(Bidirectional.Mode.ADD, new LSTM.Builder().nOut(3).build()),
            new Bidirectional(Bidirectional.Mode.MUL, new LSTM.Builder().nOut(3).build()),
            new Bidirectional(
                Bidirectional.Mode.ADD, new LSTM.Builder().nOut(3).dropOut(0.7).build()),
            new Bidirectional(
                Bidirectional.Mode.AVERAGE, new LSTM.Builder().nOut(3).dropOut(0.7).build()),
            new Bidirectional(
                Bidirectional.Mode.MUL, new LSTM.Builder().nOut(3).dropOut(0.7).build()),
            new GravesBidirectionalLSTM.Builder().nOut(3).build(),
            new GravesLSTM.Builder().nOut(3).build(),
            new MaskLayer(),
            new SimpleRnn.Builder().nOut(3).build(),
            new TimeDistributed(new DenseLayer.Builder().nIn(3).nOut(3).build()))) {
      all.add(sequences(layer, true));
    }
    // DL4J fails on it with masks.
    all.add(sequences(new Convolution1DLayer.Builder(3, 1, 1).nOut(3).build(), false));
    all.add(sequences(new MaskZeroLayer(new LSTM.Builder().nOut(3).build(), 0), false));
    all.add(pooled(new LastTimeStep(new LSTM.Builder().nOut(3).build())));
    all.add(pooled(new GlobalPoolingLayer(PoolingType.MAX)));
    all.add(pooled(new GlobalPoolingLayer(PoolingType.PNORM)));
    all.add(shorter(new Subsampling1DLayer.Builder(PoolingType.MAX, 2).build()));
    all.add(shorter(new Cropping1D(1)));
    all.add(shorter(new Upsampling1D.Builder(2).build()));
    all.add(shorter(new ZeroPadding1DLayer(1)));
    for (Layer layer :
        List.of(
            new Convolution3D.Builder(2, 2, 2).nOut(2).build(),
            new Cropping3D(1, 1, 1),
            new Subsampling3DLayer.Builder(Subsampling3DLayer.PoolingType.MAX)
                .kernelSize(2, 2, 2)
                .stride(2, 2, 2)
                .build(),
            new Upsampling3D.Builder(2).build(),
            new ZeroPadding3DLayer.Builder(1).build())) {
      all.add(volumes(layer));
    }
    all.addAll(heads());
    return all.stream();
  }

  private static Case make(
      String name, Consumer<ListBuilder> layers, InputType input, LongFunction<Tensors> data) {
    ListBuilder list = Networks.base().list();
    layers.accept(list);
    return new Case(name, list.setInputType(input).build().toJson(), data);
  }

  private static String name(Layer layer, String on) {
    return layer.getClass().getSimpleName() + " on " + on;
  }

  private static OutputLayer softmax() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .activation(Activation.SOFTMAX)
        .nOut(3)
        .build();
  }

  private static RnnOutputLayer softmaxOverTime() {
    return new RnnOutputLayer.Builder(LossFunction.MCXENT)
        .activation(Activation.SOFTMAX)
        .nOut(3)
        .build();
  }

  private static Case vectors(Layer layer) {
    return make(
        name(layer, "vectors"),
        list -> list.layer(new DenseLayer.Builder().nOut(4).build()).layer(layer).layer(softmax()),
        InputType.feedForward(5),
        seed -> Batches.vectors(seed, ROWS, 5, 3));
  }

  private static Case images(Layer layer) {
    return make(
        name(layer, "images"),
        list ->
            list.layer(new ConvolutionLayer.Builder(3, 3).nOut(2).build())
                .layer(layer)
                .layer(softmax()),
        InputType.convolutional(6, 6, 1),
        seed -> Batches.images(seed, ROWS, 6, 3));
  }

  private static Case sequences(Layer layer, boolean masked) {
    return make(
        name(layer, "sequences"),
        list ->
            list.layer(new LSTM.Builder().nOut(3).build()).layer(layer).layer(softmaxOverTime()),
        InputType.recurrent(4, 3),
        seed -> {
          Tensors batch = Batches.sequences(seed, ROWS, 4, 3, 3);
          return masked
              ? batch
              : Batches.tensors(
                  Columns.FEATURES,
                  batch.get(Columns.FEATURES),
                  Columns.LABELS,
                  batch.get(Columns.LABELS));
        });
  }

  private static Case pooled(Layer layer) {
    return make(
        name(layer, "sequences"),
        list -> list.layer(new LSTM.Builder().nOut(3).build()).layer(layer).layer(softmax()),
        InputType.recurrent(4, 3),
        seed ->
            Batches.tensors(
                Columns.FEATURES,
                Batches.uniform(seed, ROWS, 4, 3),
                Columns.FEATURES_MASK,
                Batches.sequences(seed, ROWS, 4, 3, 3).get(Columns.FEATURES_MASK),
                Columns.LABELS,
                Batches.oneHot(Batches.classes(seed, 3, ROWS), 3)));
  }

  private static Case shorter(Layer layer) {
    return make(
        name(layer, "sequences"),
        list ->
            list.layer(new LSTM.Builder().nOut(3).build())
                .layer(layer)
                .layer(new GlobalPoolingLayer(PoolingType.AVG))
                .layer(softmax()),
        InputType.recurrent(4, 5),
        seed ->
            Batches.tensors(
                Columns.FEATURES,
                Batches.uniform(seed, ROWS, 4, 5),
                Columns.LABELS,
                Batches.oneHot(Batches.classes(seed, 3, ROWS), 3)));
  }

  private static Case volumes(Layer layer) {
    return make(
        name(layer, "volumes"),
        list ->
            list.layer(new Convolution3D.Builder(2, 2, 2).nOut(2).build())
                .layer(layer)
                .layer(new GlobalPoolingLayer(PoolingType.AVG))
                .layer(softmax()),
        InputType.convolutional3D(5, 5, 5, 1),
        seed ->
            Batches.tensors(
                Columns.FEATURES,
                Batches.uniform(seed, ROWS, 1, 5, 5, 5),
                Columns.LABELS,
                Batches.oneHot(Batches.classes(seed, 3, ROWS), 3)));
  }

  private static List<Case> heads() {
    return List.of(
        make(
            "LossLayer",
            list ->
                list.layer(new DenseLayer.Builder().nOut(4).build())
                    .layer(new DenseLayer.Builder().nOut(3).build())
                    .layer(new LossLayer.Builder(LossFunction.MSE).build()),
            InputType.feedForward(5),
            seed -> Batches.vectors(seed, ROWS, 5, 3)),
        make(
            "RnnLossLayer",
            list ->
                list.layer(new LSTM.Builder().nOut(4).build())
                    .layer(new LSTM.Builder().nOut(3).build())
                    .layer(
                        new RnnLossLayer.Builder(LossFunction.MCXENT)
                            .activation(Activation.SOFTMAX)
                            .build()),
            InputType.recurrent(4, 3),
            seed -> Batches.sequences(seed, ROWS, 4, 3, 3)),
        make(
            "CnnLossLayer",
            list ->
                list.layer(new ConvolutionLayer.Builder(3, 3).nOut(2).build())
                    .layer(new ConvolutionLayer.Builder(1, 1).nOut(3).build())
                    .layer(new CnnLossLayer.Builder(LossFunction.MSE).build()),
            InputType.convolutional(6, 6, 1),
            seed ->
                Batches.tensors(
                    Columns.FEATURES,
                    Batches.uniform(seed, ROWS, 1, 6, 6),
                    Columns.LABELS,
                    Batches.uniform(seed + 1, ROWS, 3, 4, 4))),
        make(
            "Cnn3DLossLayer",
            list ->
                list.layer(new Convolution3D.Builder(2, 2, 2).nOut(2).build())
                    .layer(new Convolution3D.Builder(1, 1, 1).nOut(2).build())
                    .layer(
                        new Cnn3DLossLayer.Builder(Convolution3D.DataFormat.NCDHW)
                            .lossFunction(LossFunction.MSE)
                            .build()),
            InputType.convolutional3D(3, 3, 3, 1),
            seed ->
                Batches.tensors(
                    Columns.FEATURES,
                    Batches.uniform(seed, ROWS, 1, 3, 3, 3),
                    Columns.LABELS,
                    Batches.uniform(seed + 1, ROWS, 2, 2, 2, 2))),
        make(
            "EmbeddingLayer",
            list ->
                list.layer(new EmbeddingLayer.Builder().nIn(7).nOut(4).build())
                    .layer(new DenseLayer.Builder().nOut(4).build())
                    .layer(softmax()),
            InputType.feedForward(7),
            seed ->
                Batches.tensors(
                    Columns.FEATURES,
                    Batches.classes(seed, 7, ROWS, 1),
                    Columns.LABELS,
                    Batches.oneHot(Batches.classes(seed + 1, 3, ROWS), 3))),
        make(
            "EmbeddingSequenceLayer",
            list ->
                list.layer(
                        new EmbeddingSequenceLayer.Builder().nIn(7).nOut(4).inputLength(3).build())
                    .layer(new LSTM.Builder().nOut(4).build())
                    .layer(softmaxOverTime()),
            InputType.recurrent(7, 3),
            seed ->
                Batches.tensors(
                    Columns.FEATURES,
                    Batches.classes(seed, 7, ROWS, 3),
                    Columns.LABELS,
                    Batches.oneHot(Batches.classes(seed + 1, 3, ROWS, 3), 3))),
        make(
            "RepeatVector",
            list ->
                list.layer(new DenseLayer.Builder().nOut(4).build())
                    .layer(new RepeatVector.Builder<>(3).build())
                    .layer(softmaxOverTime()),
            InputType.feedForward(5),
            seed ->
                Batches.tensors(
                    Columns.FEATURES,
                    Batches.uniform(seed, ROWS, 5),
                    Columns.LABELS,
                    Batches.oneHot(Batches.classes(seed + 1, 3, ROWS, 3), 3))));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void cutOffItTrainsAsUncut(Case tried) {
    List<List<Tensors>> steps = new ArrayList<>();
    for (int step = 0; step < 2; step++) {
      steps.add(Batches.split(tried.data().apply(100L * step), 2));
    }
    try (UncutTrainer uncut = new UncutTrainer(tried.json(), 5);
        InProcessPipeline pipeline =
            new InProcessPipeline(tried.json(), List.of(1, 2), 2, Recompute.NONE, new GPipe(), 5)) {
      INDArray before = uncut.parameters().dup();
      for (int step = 0; step < steps.size(); step++) {
        uncut.step(steps.get(step), step, 0);
        pipeline.step(steps.get(step), step, 0, false);
      }
      assertThat(uncut.parameters().sub(before).norm2Number().doubleValue()).isGreaterThan(1e-3);
      assertThat(
              pipeline.updater().parameters().sub(uncut.parameters()).norm2Number().doubleValue())
          .isZero();
    }
  }
}
