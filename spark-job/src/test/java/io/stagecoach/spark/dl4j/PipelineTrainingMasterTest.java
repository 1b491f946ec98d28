package io.stagecoach.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.codahale.metrics.Gauge;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.data.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.datasets.iterator.IteratorMultiDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.ui.model.stats.J7StatsListener;
import org.deeplearning4j.ui.model.stats.api.StatsReport;
import org.deeplearning4j.ui.model.storage.InMemoryStatsStorage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** What a training master does with a network, beside what plain DL4J does with it. */
class PipelineTrainingMasterTest {

  private static final int BATCH = 8;

  private final Random random = new Random(5);
  @TempDir private Path directory;
  private JavaSparkContext spark;

  @BeforeEach
  void open() {
    spark = JavaSparkContext.fromSparkContext(LocalSpark.session().sparkContext());
  }

  /** Two pieces of a network on the one executor that this process is. */
  private PipelineTrainingMaster.Builder master() {
    return PipelineTrainingMaster.builder()
        .stages(1)
        .conf("spark.stagecoach.chunks", 2)
        .schedule("looped-bfs")
        .batchSize(BATCH)
        .microBatches(1)
        .conf("batchStore.path", directory.resolve("batches"))
        .conf("batchStore.chunkRows", 5);
  }

  private static NeuralNetConfiguration.Builder base() {
    return new NeuralNetConfiguration.Builder()
        .seed(3)
        .dataType(DataType.DOUBLE)
        .updater(new Adam(0.01))
        .l2(1e-4)
        .activation(Activation.TANH);
  }

  private static MultiLayerConfiguration classifier() {
    return base()
        .list()
        .layer(new DenseLayer.Builder().nIn(4).nOut(9).build())
        .layer(new DenseLayer.Builder().nIn(9).nOut(7).build())
        .layer(
            new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(7)
                .nOut(3)
                .build())
        .build();
  }

  private INDArray doubles(long... shape) {
    INDArray array = Nd4j.createUninitialized(DataType.DOUBLE, shape, 'c');
    for (long i = 0; i < array.length(); i++) {
      array.putScalar(i, random.nextGaussian());
    }
    return array;
  }

  private INDArray oneHot(int rows, int classes) {
    INDArray labels = Nd4j.zeros(DataType.DOUBLE, rows, classes);
    for (int i = 0; i < rows; i++) {
      labels.putScalar(i, random.nextInt(classes), 1);
    }
    return labels;
  }

  private List<DataSet> vectors(int... sizes) {
    List<DataSet> sets = new ArrayList<>();
    for (int size : sizes) {
      sets.add(new DataSet(doubles(size, 4), oneHot(size, 3)));
    }
    return sets;
  }

  private static void assertSame(MultiLayerNetwork found, MultiLayerNetwork expected) {
    assertThat(found.params()).isEqualTo(expected.params());
    assertThat(found.getUpdater().getStateViewArray())
        .isEqualTo(expected.getUpdater().getStateViewArray());
    assertThat(found.getIterationCount()).isEqualTo(expected.getIterationCount());
    assertThat(found.getEpochCount()).isEqualTo(expected.getEpochCount());
  }

  /** Notes what a listener hears. */
  private static final class Events extends BaseTrainingListener {

    private final List<String> heard = new ArrayList<>();
    private final List<Double> scores = new ArrayList<>();

    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
      heard.add("iteration " + iteration + " of epoch " + epoch + ", " + model.batchSize());
      scores.add(model.score());
    }

    @Override
    public void onEpochStart(Model model) {
      heard.add("start");
    }

    @Override
    public void onEpochEnd(Model model) {
      heard.add("end");
    }

    @Override
    public void onGradientCalculation(Model model) {
      heard.add(
          String.format(
              Locale.ROOT,
              "gradient %.9f",
              model.gradient().gradient().norm2Number().doubleValue()));
    }
  }

  @Test
  void withWholeMiniBatchesANetworkIsTheSameToTheLastBitAndListenersHearTheSame() {
    List<DataSet> sets = vectors(8, 8, 8, 3);
    Events plain = new Events();
    MultiLayerNetwork expected = new MultiLayerNetwork(classifier());
    expected.init();
    expected.setListeners(plain);
    expected.fit(new ExistingDataSetIterator(sets), 2);

    SparkDl4jMultiLayer network = new SparkDl4jMultiLayer(spark, classifier(), master().build());
    Events events = new Events();
    network.setListeners(events);
    JavaRDD<DataSet> rdd = spark.parallelize(sets, 2);
    network.fit(rdd);
    network.fit(rdd);

    assertSame(network.getNetwork(), expected);
    assertThat(events.heard).isEqualTo(plain.heard);
    for (int i = 0; i < plain.scores.size(); i++) {
      assertThat(events.scores.get(i)).isCloseTo(plain.scores.get(i), within(1e-12));
    }
    assertThat(network.getScore()).isEqualTo(events.scores.get(events.scores.size() - 1));

    Evaluation evaluation = network.evaluate(rdd);
    Evaluation expectedEvaluation = expected.evaluate(new ExistingDataSetIterator(sets));
    assertThat(evaluation.getNumRowCounter()).isEqualTo(27);
    assertThat(evaluation.accuracy()).isEqualTo(expectedEvaluation.accuracy());
  }

  @Test
  void microBatchesDifferByRoundingOnlyAndExamplesMayComeOneByOne() throws IOException {
    List<DataSet> sets = vectors(8, 8, 8, 3);
    MultiLayerNetwork expected = new MultiLayerNetwork(classifier());
    expected.init();
    expected.fit(new ExistingDataSetIterator(sets), 2);

    PipelineTrainingMaster master = master().epochs(2).microBatches(4).build();
    SparkDl4jMultiLayer network = new SparkDl4jMultiLayer(spark, classifier(), master);
    network.setCollectTrainingStats(true);
    network.fit(spark.parallelize(sets.stream().flatMap(set -> set.asList().stream()).toList(), 3));

    assertThat(network.getNetwork().params().distance2(expected.params())).isLessThan(1e-12);
    assertThat(network.getNetwork().getIterationCount()).isEqualTo(8);
    assertThat(network.getNetwork().getEpochCount()).isEqualTo(2);
    assertThat(network.getSparkTrainingStats().statsAsString()).contains("Fit", "looped-bfs");
    try (Stream<Path> stores = Files.list(directory.resolve("batches"))) {
      assertThat(stores).hasSize(1);
    }
    assertThat(master.deleteTempFiles(spark)).isTrue();
    try (Stream<Path> stores = Files.list(directory.resolve("batches"))) {
      assertThat(stores).isEmpty();
    }
  }

  @Test
  void sequencesWithMasksAreTheSameAndStatisticsAreRouted() {
    MultiLayerConfiguration lstm =
        base()
            .list()
            .layer(new LSTM.Builder().nOut(6).build())
            .layer(
                new RnnOutputLayer.Builder(LossFunction.MCXENT)
                    .activation(Activation.SOFTMAX)
                    .nOut(3)
                    .build())
            .setInputType(InputType.recurrent(4))
            .build();
    List<DataSet> sets = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      INDArray mask = Nd4j.ones(DataType.DOUBLE, 8, 5);
      for (int row = 0; row < 8; row++) {
        for (int step = 2 + random.nextInt(4); step < 5; step++) {
          mask.putScalar(row, step, 0);
        }
      }
      INDArray labels = Nd4j.zeros(DataType.DOUBLE, 8, 3, 5);
      for (int row = 0; row < 8; row++) {
        for (int step = 0; step < 5; step++) {
          labels.putScalar(new int[] {row, random.nextInt(3), step}, 1);
        }
      }
      sets.add(new DataSet(doubles(8, 4, 5), labels, mask, mask.dup()));
    }
    MultiLayerNetwork expected = new MultiLayerNetwork(lstm.clone());
    expected.init();
    expected.fit(new ExistingDataSetIterator(sets));

    SparkDl4jMultiLayer network = new SparkDl4jMultiLayer(spark, lstm, master().build());
    InMemoryStatsStorage storage = new InMemoryStatsStorage();
    Map<String, Double> figures = new TreeMap<>();
    network.setListeners(storage, new J7StatsListener(null, 1), watching(figures));
    network.fit(spark.parallelize(sets, 2));

    assertThat(network.getNetwork().params().distance2(expected.params())).isLessThan(1e-12);
    String session = storage.listSessionIDs().get(0);
    String worker = storage.listWorkerIDsForSession(session).get(0);
    StatsReport last =
        (StatsReport) storage.getLatestUpdate(session, J7StatsListener.TYPE_ID, worker);
    assertThat(last.getScore()).isEqualTo(network.getScore());
    assertThat(last.getTotalExamples()).isEqualTo(24);
    assertThat(network.getScore()).isCloseTo(expected.score(), within(1e-12));

    assertThat(figures.get("loss")).isPositive();
    assertThat(figures.get("examplesPerSecond")).isPositive();
    assertThat(figures.get("bubble")).isBetween(0.0, 1.0);
    assertThat(figures.get("stage.0.memory.offHeap")).isGreaterThan(1 << 20);
    assertThat(sources()).as("the run is over").isEmpty();
  }

  private static List<org.apache.spark.metrics.source.Source> sources() {
    return scala.collection.JavaConverters.seqAsJavaList(
        SparkEnv.get().metricsSystem().getSourcesByName("stagecoach"));
  }

  /** Looks at what the metrics system has of the run, at each step but the first. */
  private static TrainingListener watching(Map<String, Double> figures) {
    return new BaseTrainingListener() {
      @Override
      public void iterationDone(Model model, int iteration, int epoch) {
        sources()
            .get(0)
            .metricRegistry()
            .getGauges()
            .forEach(
                (name, gauge) ->
                    figures.put(name, ((Number) ((Gauge<?>) gauge).getValue()).doubleValue()));
      }
    };
  }

  @Test
  void aGraphOfSeveralInputsAndOutputsIsTheSame() {
    ComputationGraphConfiguration configuration =
        base()
            .graphBuilder()
            .addInputs("left", "right")
            .addLayer("a", new DenseLayer.Builder().nIn(4).nOut(5).build(), "left")
            .addLayer("b", new DenseLayer.Builder().nIn(2).nOut(5).build(), "right")
            .addVertex("both", new MergeVertex(), "a", "b")
            .addLayer("c", new DenseLayer.Builder().nIn(10).nOut(6).build(), "both")
            .addLayer(
                "kind",
                new OutputLayer.Builder(LossFunction.MCXENT)
                    .activation(Activation.SOFTMAX)
                    .nIn(6)
                    .nOut(3)
                    .build(),
                "c")
            .addLayer(
                "size",
                new OutputLayer.Builder(LossFunction.MSE)
                    .activation(Activation.IDENTITY)
                    .nIn(5)
                    .nOut(1)
                    .build(),
                "a")
            .setOutputs("kind", "size")
            .build();
    List<MultiDataSet> sets = new ArrayList<>();
    for (int size : new int[] {8, 8, 5}) {
      sets.add(
          new org.nd4j.linalg.dataset.MultiDataSet(
              new INDArray[] {doubles(size, 4), doubles(size, 2)},
              new INDArray[] {oneHot(size, 3), doubles(size, 1)}));
    }
    ComputationGraph expected = new ComputationGraph(configuration.clone());
    expected.init();
    Events plain = new Events();
    expected.setListeners(plain);
    expected.fit(new IteratorMultiDataSetIterator(sets.iterator(), BATCH));

    SparkComputationGraph graph = new SparkComputationGraph(spark, configuration, master().build());
    Events events = new Events();
    graph.setListeners(events);
    graph.fitMultiDataSet(spark.parallelize(sets, 2));

    assertThat(graph.getNetwork().params()).isEqualTo(expected.params());
    assertThat(events.heard).isEqualTo(plain.heard);
    assertThat(graph.getNetwork().getUpdater().getStateViewArray())
        .isEqualTo(expected.getUpdater().getStateViewArray());
    assertThat(graph.getScore()).isCloseTo(expected.score(), within(1e-12));
    assertThat(graph.getNetwork().getEpochCount()).isEqualTo(1);
  }

  private static OutputLayer output() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .activation(Activation.SOFTMAX)
        .nOut(3)
        .build();
  }

  private void assertTrainsAsPlain(MultiLayerConfiguration configuration, List<DataSet> sets) {
    MultiLayerNetwork expected = new MultiLayerNetwork(configuration.clone());
    expected.init();
    expected.fit(new ExistingDataSetIterator(sets));
    SparkDl4jMultiLayer network = new SparkDl4jMultiLayer(spark, configuration, master().build());
    network.fit(spark.parallelize(sets, 2));
    assertThat(network.getNetwork().params().distance2(expected.params())).isLessThan(1e-12);
    assertThat(network.getScore()).isCloseTo(expected.score(), within(1e-12));
  }

  @Test
  void imagesAndIndicesAreTrainedOn() {
    List<DataSet> images = new ArrayList<>();
    List<DataSet> indices = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      images.add(new DataSet(doubles(8, 1, 6, 6), oneHot(8, 3)));
      INDArray words = Nd4j.zeros(DataType.DOUBLE, 8, 5);
      for (long at = 0; at < words.length(); at++) {
        words.putScalar(at, random.nextInt(7));
      }
      indices.add(new DataSet(words, oneHot(8, 3)));
    }
    assertTrainsAsPlain(
        base()
            .list()
            .layer(new ConvolutionLayer.Builder(3, 3).nOut(2).build())
            .layer(output())
            .setInputType(InputType.convolutional(6, 6, 1))
            .build(),
        images);
    assertTrainsAsPlain(
        base()
            .list()
            .layer(new EmbeddingSequenceLayer.Builder().nIn(7).nOut(4).build())
            .layer(new GlobalPoolingLayer(PoolingType.AVG))
            .layer(output())
            .setInputType(InputType.recurrent(7))
            .build(),
        indices);
  }

  @Test
  void dataSetsInFilesAreTrainedOn() throws IOException {
    List<DataSet> sets = vectors(8, 8);
    Path files = Files.createDirectory(directory.resolve("sets"));
    for (int i = 0; i < sets.size(); i++) {
      sets.get(i).save(files.resolve("set" + i + ".bin").toFile());
    }
    List<String> paths =
        List.of(
            files.resolve("set0.bin").toUri().toString(),
            files.resolve("set1.bin").toUri().toString());
    MultiLayerNetwork expected = new MultiLayerNetwork(classifier());
    expected.init();
    expected.fit(new ExistingDataSetIterator(sets));

    SparkDl4jMultiLayer network =
        new SparkDl4jMultiLayer(
            spark, classifier(), master().conf("batchStore.keep", false).build());
    network.fitPaths(spark.parallelize(paths, 1));

    assertSame(network.getNetwork(), expected);
    try (Stream<Path> stores = Files.list(directory.resolve("batches"))) {
      assertThat(stores).isEmpty();
    }
  }

  private void assertRefused(List<DataSet> sets, ErrorKind kind, String what) {
    SparkDl4jMultiLayer network = new SparkDl4jMultiLayer(spark, classifier(), master().build());
    assertThatThrownBy(() -> network.fit(spark.parallelize(sets, 2)))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(kind))
        .hasMessageContaining(what);
  }

  @Test
  void examplesThatDoNotFitAreNamedBeforeAnythingIsTrained() {
    assertRefused(List.of(), ErrorKind.DATA, "has no examples");
    assertRefused(
        List.of(new DataSet(doubles(2, 5), oneHot(2, 3))), ErrorKind.DATA, "the network reads [4]");
    List<DataSet> unlike = vectors(3, 3);
    unlike.add(new DataSet(doubles(2, 3), oneHot(2, 3)));
    assertRefused(unlike, ErrorKind.DATA, "example 3 of partition 1");
    List<DataSet> masked = vectors(3);
    masked.add(new DataSet(doubles(2, 4), oneHot(2, 3), null, Nd4j.ones(DataType.DOUBLE, 2, 1)));
    assertRefused(masked, ErrorKind.DATA, "[features, labels, labels_mask], not");
    List<DataSet> infinite = vectors(3);
    infinite.get(0).getFeatures().putScalar(2, 1, Double.NaN);
    assertRefused(infinite, ErrorKind.DATA, "example 2 of partition 1 of the RDD has NaN");
  }

  private static void assertNotAllowed(Runnable call, String what) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessageContaining(what);
  }

  @Test
  void whatATrainingMasterCannotDoItSays() {
    PipelineTrainingMaster.Builder builder = PipelineTrainingMaster.builder();
    assertNotAllowed(() -> builder.conf("stagse", 3).build(), "the nearest is");
    assertNotAllowed(
        () -> PipelineTrainingMaster.builder().conf("data.path", "x").build(),
        "for a job of its own");
    PipelineTrainingMaster master = master().build();
    assertNotAllowed(() -> master.addHook(null), "training hook");
    assertNotAllowed(() -> master.getWorkerInstance((SparkDl4jMultiLayer) null), "no workers");
    assertNotAllowed(() -> PipelineTrainingMaster.fromJson("[]"), "not the JSON");
    assertThat(PipelineTrainingMaster.fromJson(master.toJson()).toJson())
        .isEqualTo(master.toJson())
        .contains("\"batchSize\":\"8\"");
  }
}
