package io.stagecoach.spark.dl4j;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stagecoach.engine.dl4j.Dl4jModel;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.report.RunReport;
import io.stagecoach.spark.config.Setting;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.DataSetData;
import io.stagecoach.spark.data.PreparedData;
import io.stagecoach.spark.exchange.ExchangeKind;
import io.stagecoach.spark.job.NetworkFit;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.datavec.spark.util.BroadcastHadoopConfigHolder;
import org.deeplearning4j.core.loader.DataSetLoader;
import org.deeplearning4j.core.loader.MultiDataSetLoader;
import org.deeplearning4j.core.storage.StatsStorageRouter;
import org.deeplearning4j.core.storage.listener.RoutingIterationListener;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.spark.api.TrainingHook;
import org.deeplearning4j.spark.api.TrainingMaster;
import org.deeplearning4j.spark.api.TrainingResult;
import org.deeplearning4j.spark.api.TrainingWorker;
import org.deeplearning4j.spark.api.stats.SparkTrainingStats;
import org.deeplearning4j.spark.data.loader.RemoteFileSourceFactory;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.nd4j.common.loader.Loader;
import org.nd4j.common.loader.SourceFactory;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains the network of a {@code SparkDl4jMultiLayer} or a {@code SparkComputationGraph} in a
 * pipeline of stages, one for each executor. The network is changed in place: weights, updater
 * state, counts and score are those that {@code fit} on one machine gives with the same
 * mini-batches, which are the RDD's examples in the RDD's own order.
 *
 * <p>The examples of the last RDD stay laid out, as those of DL4J's own training masters do: to fit
 * the same RDD again reads them again. Not thread-safe; one fit at a time.
 */
public final class PipelineTrainingMaster
    implements TrainingMaster<TrainingResult, TrainingWorker<TrainingResult>> {

  private static final Logger LOG = LoggerFactory.getLogger(PipelineTrainingMaster.class);

  private static final ObjectMapper JSON = new ObjectMapper();

  private final MasterSettings settings;
  private List<TrainingListener> listeners = List.of();
  private Optional<FitStats> stats = Optional.empty();
  private Optional<LaidOut> last = Optional.empty();

  /** The examples of the RDD that was fitted last, as the network reads them. */
  private record LaidOut(JavaRDD<?> rdd, Model network, DataSetData data, PreparedData store) {

    boolean isOf(JavaRDD<?> other, Model reader) {
      return rdd.context() == other.context() && rdd.id() == other.id() && network == reader;
    }
  }

  private PipelineTrainingMaster(MasterSettings settings) {
    this.settings = settings;
  }

  /** A builder with the defaults of {@code docs/configuration.md}. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * What {@link #toJson} wrote.
   *
   * @throws StagecoachException CONFIGURATION if it is something else
   */
  public static PipelineTrainingMaster fromJson(String json) {
    try {
      return new PipelineTrainingMaster(
          new MasterSettings(
              JSON.readValue(json, new TypeReference<TreeMap<String, String>>() {})));
    } catch (JsonProcessingException e) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "The text is not the JSON of a training master: " + e.getOriginalMessage(),
          Where.nowhere(),
          "Give what toJson() wrote.",
          e);
    }
  }

  /**
   * Makes a training master from settings; what the application's configuration says counts too.
   */
  public static final class Builder {

    private final TreeMap<String, String> given = new TreeMap<>();

    private Builder() {}

    /** How many stages the network is cut into, each hosted by one executor. */
    public Builder stages(int stages) {
      return with(Settings.STAGES, stages);
    }

    /** How many micro-batches a mini-batch is cut into. */
    public Builder microBatches(int microBatches) {
      return with(Settings.MICRO_BATCHES, microBatches);
    }

    /** How many examples a mini-batch has; the last of an epoch may have fewer. */
    public Builder batchSize(int batchSize) {
      return with(Settings.BATCH_SIZE, batchSize);
    }

    /** How many times each {@code fit} goes through the examples; 1 unless set. */
    public Builder epochs(int epochs) {
      return with(Settings.EPOCHS, epochs);
    }

    /** The schedule by its name, such as {@code 1f1b}, or {@code auto}. */
    public Builder schedule(String name) {
      return with(Settings.SCHEDULE, name);
    }

    /** What carries the hops. */
    public Builder exchange(ExchangeKind exchange) {
      return with(Settings.EXCHANGE, exchange.word());
    }

    private Builder with(Setting<?> setting, Object value) {
      return conf(setting.key(), value);
    }

    /**
     * Any setting of {@code docs/configuration.md} that is not of data, model or output.
     *
     * @param key with {@code spark.stagecoach.} before it or without
     */
    public Builder conf(String key, Object value) {
      String name = key.startsWith(Settings.PREFIX) ? key.substring(Settings.PREFIX.length()) : key;
      given.put(name, String.valueOf(value));
      return this;
    }

    /**
     * The training master.
     *
     * @throws StagecoachException CONFIGURATION for unknown keys, keys that are not for it, and
     *     values that are not allowed
     */
    public PipelineTrainingMaster build() {
      return new PipelineTrainingMaster(new MasterSettings(given));
    }
  }

  @Override
  public void executeTraining(SparkDl4jMultiLayer network, JavaRDD<DataSet> trainingData) {
    train(new HeldNetwork.Layers(network), trainingData, trainingData.map(DataSet::toMultiDataSet));
  }

  @Override
  public void executeTraining(SparkComputationGraph graph, JavaRDD<DataSet> trainingData) {
    train(new HeldNetwork.Graph(graph), trainingData, trainingData.map(DataSet::toMultiDataSet));
  }

  @Override
  public void executeTrainingMDS(SparkComputationGraph graph, JavaRDD<MultiDataSet> trainingData) {
    train(new HeldNetwork.Graph(graph), trainingData, trainingData);
  }

  @Override
  public void executeTrainingPaths(
      SparkDl4jMultiLayer network,
      SparkComputationGraph graph,
      JavaRDD<String> trainingDataPaths,
      DataSetLoader dsLoader,
      MultiDataSetLoader mdsLoader) {
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(trainingDataPaths.context());
    SourceFactory files = new RemoteFileSourceFactory(BroadcastHadoopConfigHolder.get(spark));
    JavaRDD<MultiDataSet> sets =
        dsLoader != null
            ? loaded(trainingDataPaths, dsLoader, files).map(DataSet::toMultiDataSet)
            : loaded(trainingDataPaths, mdsLoader, files);
    train(
        network != null ? new HeldNetwork.Layers(network) : new HeldNetwork.Graph(graph),
        trainingDataPaths,
        sets);
  }

  private static <T> JavaRDD<T> loaded(
      JavaRDD<String> paths, Loader<T> loader, SourceFactory files) {
    return paths.map(path -> loader.load(files.getSource(path)));
  }

  /**
   * Trains.
   *
   * @param rdd what the program fits, as it would fit it again
   * @param sets the data sets in it
   */
  private void train(HeldNetwork held, JavaRDD<?> rdd, JavaRDD<? extends MultiDataSet> sets) {
    SparkSession spark = SparkSession.builder().getOrCreate();
    StagecoachConf conf = settings.in(spark.sparkContext().getConf());
    // Its arrays are the program's network's, so it is not closed.
    Dl4jModelUpdater updater = held.updater();
    int epochsBefore = updater.epochs();
    NetworkFit fit = new NetworkFit(spark, conf, new ListenerCalls(held, updater, listeners));
    LaidOut laidOut =
        last.filter(before -> before.isOf(rdd, held.network()))
            .orElseGet(() -> layOut(spark, conf, fit, held.network(), updater.model(), rdd, sets));
    try {
      long began = System.currentTimeMillis();
      RunReport report = fit.run(updater, laidOut.data(), laidOut.store());
      stats.ifPresent(all -> all.fitted(began, report));
      LOG.info("{} steps; bubble {}", report.steps(), report.bubble().measured());
    } finally {
      held.forgetRows();
      if (!conf.batchStoreKeep()) {
        discard();
      }
    }
    // Whoever called counts one epoch, as after DL4J's own training masters.
    updater.setEpochs(Math.max(epochsBefore, updater.epochs() - 1));
  }

  private LaidOut layOut(
      SparkSession spark,
      StagecoachConf conf,
      NetworkFit fit,
      Model network,
      Dl4jModel model,
      JavaRDD<?> rdd,
      JavaRDD<? extends MultiDataSet> sets) {
    discard();
    long began = System.currentTimeMillis();
    String name = "RDD " + rdd.id() + (rdd.name() == null ? "" : " " + rdd.name());
    DataSetData data =
        DataSetData.open(spark, conf, name, sets.map(set -> (MultiDataSet) set), model);
    LaidOut laidOut = new LaidOut(rdd, network, data, fit.prepare(data, model));
    last = Optional.of(laidOut);
    stats.ifPresent(all -> all.laidOut(began));
    return laidOut;
  }

  private boolean discard() {
    Optional<LaidOut> old = last;
    last = Optional.empty();
    if (old.isPresent()) {
      try {
        old.get().store().delete();
      } catch (IOException e) {
        LOG.warn(
            "The batch store at {} could not be removed: {}",
            old.get().store().storage(),
            e.toString());
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean deleteTempFiles(JavaSparkContext sc) {
    return discard();
  }

  @Override
  public boolean deleteTempFiles(SparkContext sc) {
    return discard();
  }

  @Override
  public void setListeners(Collection<TrainingListener> all) {
    listeners = new ArrayList<>(all);
  }

  /** Listeners are called on the driver; those that route their reports get the router there. */
  @Override
  public void setListeners(StatsStorageRouter router, Collection<TrainingListener> all) {
    setListeners(all);
    if (router != null) {
      for (TrainingListener listener : all) {
        if (listener instanceof RoutingIterationListener routing) {
          routing.setStorageRouter(router);
        }
      }
    }
  }

  /** Has the times of each fit collected, with the report of the last one. */
  @Override
  public void setCollectTrainingStats(boolean collectTrainingStats) {
    if (!collectTrainingStats) {
      stats = Optional.empty();
    } else if (stats.isEmpty()) {
      stats = Optional.of(new FitStats());
    }
  }

  @Override
  public boolean getIsCollectTrainingStats() {
    return stats.isPresent();
  }

  /** The times so far; null unless they are collected. */
  @Override
  public SparkTrainingStats getTrainingStats() {
    return stats.orElse(null);
  }

  /** The settings by key, without {@code spark.stagecoach.}, as a JSON object of texts. */
  @Override
  public String toJson() {
    try {
      return JSON.writeValueAsString(settings.given());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("texts are always JSON", e);
    }
  }

  /** The same as {@link #toJson}: JSON is YAML, too. */
  @Override
  public String toYaml() {
    return toJson();
  }

  /**
   * @throws StagecoachException CONFIGURATION: hooks are given the mini-batch beside the whole
   *     network, and no process of a pipeline has both
   */
  @Override
  public void addHook(TrainingHook trainingHook) {
    throw new StagecoachException(
        ErrorKind.CONFIGURATION,
        "A training hook is given the mini-batch beside the whole network, and no process of a"
            + " pipeline has both",
        "Use a TrainingListener.");
  }

  /** Does nothing: there is no hook to remove. */
  @Override
  public void removeHook(TrainingHook trainingHook) {}

  /**
   * @throws StagecoachException CONFIGURATION: executors host stages, not workers
   */
  @Override
  public TrainingWorker<TrainingResult> getWorkerInstance(SparkDl4jMultiLayer network) {
    throw noWorkers();
  }

  /**
   * @throws StagecoachException CONFIGURATION: executors host stages, not workers
   */
  @Override
  public TrainingWorker<TrainingResult> getWorkerInstance(SparkComputationGraph graph) {
    throw noWorkers();
  }

  private static StagecoachException noWorkers() {
    return new StagecoachException(
        ErrorKind.CONFIGURATION,
        "A pipeline has no workers with whole networks: its executors host stages",
        "Fit through SparkDl4jMultiLayer or SparkComputationGraph.");
  }
}
