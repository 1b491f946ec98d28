package io.stagecoach.engine.dl4j;

import static io.stagecoach.engine.dl4j.KerasJson.dense;
import static io.stagecoach.engine.dl4j.KerasJson.layer;
import static io.stagecoach.engine.dl4j.KerasJson.recurrent;
import static io.stagecoach.engine.dl4j.KerasJson.weighted;
import static io.stagecoach.engine.dl4j.KerasJson.wrapped;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.batch.Columns;
import io.stagecoach.engine.Recompute;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.schedule.GPipe;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.modelimport.keras.config.KerasModelConfiguration;
import org.deeplearning4j.nn.modelimport.keras.utils.KerasModelBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What DL4J's import makes of Keras layers, cut before every layer or vertex, against plain DL4J on
 * the uncut network: the weights after two steps of two micro-batches are the same to the bit.
 */
class KerasImportTest {

  private static final int ROWS = 5;
  private static final String LOSS = "categorical_crossentropy";

  record Case(String name, String json, LongFunction<Tensors> data) {
    List<Tensors> microBatches(long step) {
      return Batches.split(data.apply(100 * step), 2);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> sequential() {
    List<Case> all = new ArrayList<>();
    for (KerasJson.Layer tried :
        List.of(
            layer("Dropout", "rate", 0.4),
            layer("GaussianNoise", "stddev", 0.2),
            layer("GaussianDropout", "rate", 0.2),
            layer("AlphaDropout", "rate", 0.2),
            normalization(1),
            layer("Activation", "activation", "relu"),
            layer("LeakyReLU", "alpha", 0.1),
            layer("ELU", "alpha", 1.0),
            layer("ThresholdedReLU", "theta", 0.1),
            layer("ReLU", "max_value", 6.0, "negative_slope", 0.1, "threshold", 0.0),
            layer("Softmax", "axis", -1),
            weighted("PReLU", "shared_axes", null))) {
      all.add(vectors(tried));
    }
    all.add(vectors(layer("RepeatVector", "n", 3), recurrent("LSTM", 4, false)));
    all.add(vectors(layer("Reshape", "target_shape", List.of(2, 2)), recurrent("LSTM", 4, false)));
    all.add(
        vectors(
            dense(32, "tanh"),
            layer("Reshape", "target_shape", List.of(4, 4, 2)),
            convolution(),
            flatten()));
    for (KerasJson.Layer tried :
        List.of(
            of2d("ZeroPadding2D", "padding", List.of(List.of(1, 1), List.of(1, 1))),
            of2d("Cropping2D", "cropping", List.of(List.of(1, 1), List.of(1, 1))),
            of2d("UpSampling2D", "size", List.of(2, 2), "interpolation", "nearest"),
            pooling("MaxPooling2D", "valid"),
            pooling("AveragePooling2D", "same"),
            convolving("SeparableConv2D").with("depth_multiplier", 2),
            convolving("Conv2DTranspose"),
            convolution().with("dilation_rate", List.of(2, 2)),
            layer("SpatialDropout2D", "rate", 0.4),
            normalization(3),
            weighted("PReLU", "shared_axes", null))) {
      all.add(images(tried, flatten()));
    }
    all.add(images(flatten()));
    all.add(images(of2d("GlobalMaxPooling2D")));
    all.add(images(of2d("GlobalAveragePooling2D")));
    all.add(classifier("Flatten first", List.of(7, 6, 1), List.of(flatten(), dense(4, "tanh"))));
    all.add(
        classifier(
            "Conv3D",
            List.of(5, 5, 5, 1),
            List.of(
                weighted(
                    "Conv3D",
                    "filters",
                    2,
                    "kernel_size",
                    List.of(2, 2, 2),
                    "strides",
                    List.of(1, 1, 1),
                    "padding",
                    "valid",
                    "data_format",
                    "channels_last",
                    "dilation_rate",
                    List.of(1, 1, 1)),
                of2d(
                    "MaxPooling3D",
                    "pool_size",
                    List.of(2, 2, 2),
                    "strides",
                    List.of(2, 2, 2),
                    "padding",
                    "valid"),
                flatten())));
    for (String kind : List.of("LSTM", "SimpleRNN")) {
      all.add(sequences(recurrent(kind, 4, true), recurrent(kind, 4, false)));
    }
    for (String mode : List.of("concat", "sum", "mul", "ave")) {
      all.add(sequences(both(mode), recurrent("LSTM", 4, false)));
    }
    KerasJson.Layer lstm = recurrent("LSTM", 4, true);
    KerasJson.Layer last = recurrent("LSTM", 4, false);
    all.add(sequences(lstm, dense(3, "tanh"), last));
    all.add(
        sequences(lstm, layer("TimeDistributed", "layer", wrapped(dense(3, "tanh"), "in")), last));
    all.add(sequences(lstm, layer("SpatialDropout1D", "rate", 0.4), last));
    all.add(sequences(lstm, layer("Permute", "dims", List.of(2, 1)), last));
    all.add(sequences(lstm, of2d("GlobalAveragePooling1D")));
    all.add(sequences(lstm, of2d("GlobalMaxPooling1D")));
    for (List<KerasJson.Layer> behind : List.of(List.of(last), List.of(flatten()))) {
      all.add(embedded(false, behind));
      all.add(embedded(true, behind));
    }
    return all.stream();
  }

  private static KerasJson.Layer normalization(int axis) {
    return weighted(
        "BatchNormalization",
        "axis",
        List.of(axis),
        "momentum",
        0.9,
        "epsilon",
        0.001,
        "center",
        true,
        "scale",
        true);
  }

  /** A layer of images whose channels are last, as Keras has them by default. */
  private static KerasJson.Layer of2d(String kind, Object... keysAndValues) {
    return layer(kind, keysAndValues).with("data_format", "channels_last");
  }

  private static KerasJson.Layer flatten() {
    return of2d("Flatten");
  }

  private static KerasJson.Layer pooling(String kind, String padding) {
    return of2d(kind, "pool_size", List.of(2, 2), "strides", List.of(2, 2), "padding", padding);
  }

  private static KerasJson.Layer convolution() {
    return convolving("Conv2D");
  }

  private static KerasJson.Layer convolving(String kind) {
    return weighted(
        kind,
        "filters",
        3,
        "kernel_size",
        List.of(2, 2),
        "strides",
        List.of(1, 1),
        "padding",
        "valid",
        "data_format",
        "channels_last",
        "dilation_rate",
        List.of(1, 1));
  }

  private static KerasJson.Layer both(String mode) {
    return layer(
        "Bidirectional", "merge_mode", mode, "layer", wrapped(recurrent("LSTM", 4, true), "in"));
  }

  private static Case vectors(KerasJson.Layer... tried) {
    return classifier("vectors", List.of(5), behind(dense(4, "tanh"), tried));
  }

  private static Case images(KerasJson.Layer... tried) {
    return classifier("images", List.of(7, 6, 2), behind(convolution(), tried));
  }

  private static Case sequences(KerasJson.Layer... tried) {
    return classifier("sequences", List.of(6, 4), List.of(tried));
  }

  private static List<KerasJson.Layer> behind(KerasJson.Layer first, KerasJson.Layer... others) {
    return Stream.concat(Stream.of(first), Arrays.stream(others)).toList();
  }

  private static Case classifier(String on, List<Integer> input, List<KerasJson.Layer> layers) {
    long[] shape = LongStream.concat(LongStream.of(ROWS), longs(input)).toArray();
    return classifier(on, input, layers, seed -> Batches.uniform(seed, shape));
  }

  private static Case embedded(boolean masksZero, List<KerasJson.Layer> behind) {
    List<KerasJson.Layer> layers = new ArrayList<>();
    layers.add(
        weighted(
            "Embedding",
            "input_dim",
            7,
            "output_dim",
            4,
            "mask_zero",
            masksZero,
            "input_length",
            4));
    layers.addAll(behind);
    return classifier(
        masksZero ? "indices, 0 masked" : "indices",
        List.of(4),
        layers,
        seed -> Batches.classes(seed, 7, ROWS, 4).castTo(DataType.DOUBLE));
  }

  private static Case classifier(
      String on,
      List<Integer> input,
      List<KerasJson.Layer> layers,
      LongFunction<INDArray> features) {
    List<KerasJson.Layer> all = new ArrayList<>(layers);
    all.add(dense(3, "softmax"));
    return new Case(
        String.join(", ", layers.stream().map(KerasJson.Layer::kind).toList()) + " on " + on,
        imported(KerasJson.sequential(input, all)),
        seed ->
            Batches.tensors(
                Columns.FEATURES,
                features.apply(seed),
                Columns.LABELS,
                Batches.oneHot(Batches.classes(seed + 1, 3, ROWS), 3)));
  }

  private static LongStream longs(List<Integer> shape) {
    return shape.stream().mapToLong(Integer::longValue);
  }

  private static String imported(String keras) {
    try {
      return builder(keras).buildSequential().getMultiLayerConfiguration().toJson();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static KerasModelBuilder builder(String keras) {
    return new KerasModelBuilder(new KerasModelConfiguration())
        .modelJson(keras)
        .trainingJson(KerasJson.training(LOSS))
        .enforceTrainingConfig(true);
  }

  @ParameterizedTest
  @MethodSource("sequential")
  void cutBeforeEveryLayerItTrainsAsUncut(Case tried) {
    int layers = Dl4jModel.parse(tried.json()).nodes().size();
    try (UncutTrainer uncut = new UncutTrainer(tried.json(), 5);
        InProcessPipeline pipeline = cutEverywhere(tried, layers)) {
      INDArray before = uncut.parameters().dup();
      for (int step = 0; step < 2; step++) {
        uncut.step(tried.microBatches(step), step, 0);
        pipeline.step(tried.microBatches(step), step, 0, false);
      }
      assertMovedTogether(before, uncut.parameters(), pipeline);
    }
  }

  private static InProcessPipeline cutEverywhere(Case tried, int layers) {
    List<Integer> cuts = IntStream.range(1, layers).boxed().toList();
    return new InProcessPipeline(tried.json(), cuts, 2, Recompute.NONE, new GPipe(), 5);
  }

  private static void assertMovedTogether(
      INDArray before, INDArray uncut, InProcessPipeline pipeline) {
    assertThat(uncut.sub(before).norm2Number().doubleValue()).isGreaterThan(1e-3);
    assertThat(pipeline.updater().parameters().sub(uncut).norm2Number().doubleValue()).isZero();
  }

  static Stream<Case> functional() {
    return Stream.of(
            List.of("Concatenate", "axis", 3),
            List.of("Add"),
            List.of("Subtract"),
            List.of("Multiply"),
            List.of("Average"),
            List.of("Maximum"))
        .map(
            merge ->
                new Case(
                    String.valueOf(merge.get(0)),
                    graph(layer((String) merge.get(0), merge.subList(1, merge.size()).toArray())),
                    seed ->
                        Batches.tensors(
                            Columns.FEATURES,
                            Batches.uniform(seed, ROWS, 7, 6, 2),
                            Columns.LABELS,
                            Batches.oneHot(Batches.classes(seed + 1, 3, ROWS), 3))));
  }

  /** Two convolutions of one image, merged; each by the kind of merge that is tried. */
  private static String graph(KerasJson.Layer merge) {
    String keras =
        KerasJson.functional(
            List.of(7, 6, 2),
            List.of(
                new KerasJson.Node("left", convolution(), List.of("input_1")),
                new KerasJson.Node("right", convolution(), List.of("input_1")),
                new KerasJson.Node("merged", merge, List.of("left", "right")),
                new KerasJson.Node("flat", flatten(), List.of("merged")),
                new KerasJson.Node("classes", dense(3, "softmax"), List.of("flat"))));
    try {
      return builder(keras).buildModel().getComputationGraphConfiguration().toJson();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @MethodSource("functional")
  void cutBeforeEveryVertexItTrainsAsUncut(Case tried) {
    int vertices = Dl4jModel.parse(tried.json()).nodes().size();
    try (UncutGraphTrainer uncut = new UncutGraphTrainer(tried.json(), 5);
        InProcessPipeline pipeline = cutEverywhere(tried, vertices)) {
      INDArray before = uncut.parameters().dup();
      for (int step = 0; step < 2; step++) {
        uncut.step(tried.microBatches(step), step, 0);
        pipeline.step(tried.microBatches(step), step, 0, false);
      }
      assertMovedTogether(before, uncut.parameters(), pipeline);
    }
  }

  static Stream<Case> refused() {
    KerasJson.Layer last = recurrent("LSTM", 4, false);
    return Stream.of(
        sequences(layer("Masking", "mask_value", 0.0), last),
        sequences(oneDimensional("LocallyConnected1D").with("implementation", 1), flatten()),
        sequences(oneDimensional("Conv1D"), last),
        new Case("axis from the end", graph(layer("Concatenate", "axis", -1)), seed -> null));
  }

  private static KerasJson.Layer oneDimensional(String kind) {
    return weighted(
        kind,
        "filters",
        3,
        "kernel_size",
        List.of(2),
        "strides",
        List.of(1),
        "padding",
        "valid",
        "data_format",
        "channels_last",
        "dilation_rate",
        List.of(1));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void whatDl4jTrainsWronglyOrNotIsRefused(Case tried) {
    assertThatThrownBy(() -> Dl4jModel.parse(tried.json()))
        .isInstanceOfSatisfying(
            StagecoachException.class,
            refusal -> assertThat(refusal.kind()).isEqualTo(ErrorKind.MODEL))
        .hasMessageMatching("(Layer 0|Vertex merged) .*");
  }

  /** The import of DL4J before 1.0.0-M1 put a class of its own before a dense layer. */
  @Test
  void networksOfOlderImportsAreRead() {
    String now = CnnToFeedForwardPreProcessor.class.getName();
    String then =
        "org.deeplearning4j.nn.modelimport.keras.preprocessors.TensorFlowCnnToFeedForwardPreProcessor";
    String json = images(flatten()).json();
    assertThat(json).contains(now);
    MultiLayerConfiguration read =
        ((LayersModel) Dl4jModel.parse(json.replace(now, then))).configuration();
    assertThat(read.getInputPreProcess(1).getClass().getName()).isEqualTo(then);
  }

  @Test
  void aClassThatIsNotThereIsNamed() {
    String json =
        images(flatten())
            .json()
            .replace(CnnToFeedForwardPreProcessor.class.getName(), "com.example.Flatten");
    assertThatThrownBy(() -> Dl4jModel.parse(json))
        .isInstanceOfSatisfying(
            StagecoachException.class,
            refusal -> {
              assertThat(refusal.kind()).isEqualTo(ErrorKind.MODEL);
              assertThat(refusal.remedy()).contains("--jars");
            })
        .hasMessageContaining("com.example.Flatten");
  }
}
