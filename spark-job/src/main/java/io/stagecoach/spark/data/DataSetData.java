package io.stagecoach.spark.data;

import io.stagecoach.batch.ChunkInfo;
import io.stagecoach.batch.ColumnSpec;
import io.stagecoach.engine.dl4j.Dl4jModel;
import io.stagecoach.engine.dl4j.FeatureLengths;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * The examples that a program has as an RDD of DL4J's data sets, for training. Their order is the
 * RDD's own: that of its partitions, of the data sets in each, of the examples in each. All errors
 * are of kind DATA.
 */
public final class DataSetData {

  private final SparkSession spark;
  private final StagecoachConf conf;
  private final String name;
  private final JavaRDD<MultiDataSet> sets;
  private final Dl4jModel model;
  private final DataSetColumns columns;
  private final List<ColumnSpec> specs;

  private DataSetData(
      SparkSession spark,
      StagecoachConf conf,
      String name,
      JavaRDD<MultiDataSet> sets,
      Dl4jModel model) {
    this.spark = spark;
    this.conf = conf;
    this.name = name;
    this.sets = sets;
    this.model = model;
    DataSetColumns of = DataSetColumns.of(model);
    this.columns = of;
    List<List<ColumnSpec>> first =
        JobDescription.during(
            spark.sparkContext(),
            "Stagecoach: look at the first example of " + name,
            () ->
                DataErrors.whileDoing(name + " cannot be read", () -> sets.map(of::specs).take(1)));
    if (first.isEmpty()) {
      throw DataErrors.data(name + " has no examples", "Give an RDD with examples.");
    }
    this.specs = first.get(0);
  }

  /**
   * Looks at the first data set, which all others must be like.
   *
   * @param name what a user calls the RDD
   */
  public static DataSetData open(
      SparkSession spark,
      StagecoachConf conf,
      String name,
      JavaRDD<MultiDataSet> sets,
      Dl4jModel model) {
    return new DataSetData(spark, conf, name, sets, model);
  }

  /** What the examples say of the features. */
  public FeatureLengths lengths() {
    return lengths(specs);
  }

  /** The same, when they are laid out for a network. */
  public FeatureLengths lengths(PreparedData prepared) {
    return lengths(prepared.manifest().columns());
  }

  private FeatureLengths lengths(List<ColumnSpec> of) {
    List<Integer> images = conf.dataImageSize();
    List<Integer> first = of.get(0).rowShape();
    if (images.isEmpty() && first.size() == 3) {
      images = channelsAreLast() ? first.subList(0, 2) : first.subList(1, 3);
    }
    return new StoredLengths(of, images);
  }

  private boolean channelsAreLast() {
    return model.nodes().stream()
        .flatMap(node -> node.layer().stream())
        .anyMatch(
            layer ->
                layer instanceof ConvolutionLayer convolution
                    && convolution.getCnn2dDataFormat() == CNN2DFormat.NHWC);
  }

  /**
   * Lays out the examples for training: one Spark job, which goes through the RDD once and shuffles
   * nothing.
   */
  public PreparedData prepare(ModelShape shape) {
    List<ColumnSpec> read = columns.asRead(specs, shape);
    columns.requireRead(read, shape);
    StoreDirectory stores = StoreDirectory.of(spark, conf);
    String store = "rdd-" + UUID.randomUUID();
    HadoopChunkStorage storage = stores.emptied(store);
    DataSetTask task = new DataSetTask(columns, read, storage, stores.chunkRows(bytes(read)));
    List<ChunkTask.Written> written =
        new ArrayList<>(
            JobDescription.during(
                spark.sparkContext(),
                "Stagecoach: write the batch store of " + name,
                () ->
                    DataErrors.whileDoing(
                        name + " cannot be laid out",
                        () -> sets.mapPartitionsWithIndex(task::write, true).collect())));
    written.sort(
        Comparator.comparingLong(ChunkTask.Written::bucket)
            .thenComparingInt(ChunkTask.Written::piece));
    long examples = written.stream().mapToLong(chunk -> chunk.chunk().rows()).sum();
    return stores.commit(
        storage,
        store,
        read,
        written,
        new StoreMetadata(
            new Learned(List.of(), Optional.empty(), Optional.empty()),
            read.get(0).rowShape(),
            new PreparedData.Counts(examples, 0, examples, 0),
            Optional.empty(),
            DataSnapshot.ofRows(
                name,
                written.stream().map(ChunkTask.Written::chunk).map(ChunkInfo::files).toList())));
  }

  private static long bytes(List<ColumnSpec> specs) {
    return specs.stream()
        .mapToLong(spec -> (long) spec.rowElements() * spec.type().dataType().width())
        .sum();
  }
}
