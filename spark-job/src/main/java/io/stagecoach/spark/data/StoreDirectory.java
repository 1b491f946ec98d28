package io.stagecoach.spark.data;

import static org.apache.spark.sql.functions.col;

import io.stagecoach.batch.ChunkInfo;
import io.stagecoach.batch.ColumnSpec;
import io.stagecoach.batch.ManifestFile;
import io.stagecoach.batch.Slice;
import io.stagecoach.batch.StoreManifest;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.config.ContainerPaths;
import io.stagecoach.spark.config.DataSize;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The directory of the batch stores, each in a folder of the name of its fingerprint. One that has
 * no manifest is what is left of a run that died, and is replaced.
 */
final class StoreDirectory {

  private static final long CHUNK_BYTES = 4L << 20;
  private static final int MOST_CHUNK_ROWS = 1 << 16;

  /**
   * Columns of a chunk are arrays in memory, and a chunk may have twice the rows of the average.
   */
  private static final DataSize MOST_CHUNK_BYTES = DataSize.ofMebibytes(64);

  private final SparkSession spark;
  private final StagecoachConf conf;
  private final Path directory;
  private final long began = System.nanoTime();

  private StoreDirectory(SparkSession spark, StagecoachConf conf) {
    this.spark = spark;
    this.conf = conf;
    String path = BatchStorePlace.of(conf);
    ContainerPaths.check(
        Settings.BATCH_STORE_PATH,
        path,
        spark.sparkContext().getConf(),
        spark.sparkContext().hadoopConfiguration());
    this.directory = new Path(path);
  }

  static StoreDirectory of(SparkSession spark, StagecoachConf conf) {
    return new StoreDirectory(spark, conf);
  }

  /**
   * What is written into a store.
   *
   * @param fingerprint of all that the content depends on
   * @param description what Spark's UI says of the job
   * @param rows the rows with the columns of {@link StoreRows}
   * @param ties the columns that order rows of equal rank
   * @param format how rows become columns
   * @param chunkRows how many rows a chunk has on average
   * @param metadata what else the store's manifest says
   */
  record Content(
      String fingerprint,
      String description,
      Dataset<Row> rows,
      List<String> ties,
      ChunkFormat format,
      int chunkRows,
      StoreMetadata metadata) {}

  /** How many rows a chunk has on average: as set, else about 4 MiB of them. */
  int chunkRows(long rowBytes) {
    int set = conf.batchStoreChunkRows();
    if (set == 0) {
      return (int) Math.max(1, Math.min(MOST_CHUNK_ROWS, CHUNK_BYTES / rowBytes));
    }
    if (set * rowBytes > MOST_CHUNK_BYTES.bytes()) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          Settings.BATCH_STORE_CHUNK_ROWS.key()
              + " is "
              + set
              + ", which makes chunks of "
              + set * rowBytes / (1 << 20)
              + "m; allowed is what makes at most "
              + MOST_CHUNK_BYTES,
          "Set at most " + MOST_CHUNK_BYTES.bytes() / rowBytes + ", or 0.");
    }
    return set;
  }

  /** The whole store of this fingerprint, if an earlier run wrote it. */
  Optional<PreparedData> find(String fingerprint) {
    HadoopChunkStorage storage = storage(fingerprint);
    return ManifestFile.find(storage)
        .filter(manifest -> manifest.fingerprint().equals(fingerprint))
        .map(manifest -> prepared(storage, manifest, true));
  }

  /** Writes a store, by a Spark job that shuffles the rows once. */
  PreparedData write(Content content) {
    HadoopChunkStorage storage = emptied(content.fingerprint());
    ChunkTask task = new ChunkTask(content.format(), storage, 2 * content.chunkRows());
    List<ChunkTask.Written> written =
        JobDescription.during(
            spark.sparkContext(),
            content.description(),
            () ->
                DataErrors.whileDoing(
                    "the batch store in " + storage + " cannot be written",
                    () -> run(content, task)));
    requireComplete(written, content.metadata().counts());
    return commit(
        storage, content.fingerprint(), content.format().columns(), written, content.metadata());
  }

  /** Where a store of this name is to be written: an empty folder. */
  HadoopChunkStorage emptied(String fingerprint) {
    HadoopChunkStorage storage = storage(fingerprint);
    try {
      storage.delete("");
    } catch (IOException failure) {
      throw unreachable(failure);
    }
    return storage;
  }

  /** Makes chunks that were written a store: from here on it is there, whole. */
  PreparedData commit(
      HadoopChunkStorage storage,
      String fingerprint,
      List<ColumnSpec> columns,
      List<ChunkTask.Written> written,
      StoreMetadata metadata) {
    StoreManifest manifest =
        StoreManifest.of(
            fingerprint,
            conf.seed(),
            columns,
            chunks(written, Slice.Split.TRAINING),
            chunks(written, Slice.Split.VALIDATION),
            metadata.toMap());
    ManifestFile.commit(storage, manifest);
    return prepared(storage, manifest, false);
  }

  private static List<ChunkTask.Written> run(Content content, ChunkTask task) {
    Column[] order =
        Stream.concat(
                Stream.of(StoreRows.VALIDATION_NAME, StoreRows.BUCKET_NAME, StoreRows.RANK_NAME),
                content.ties().stream())
            .map(name -> col(name))
            .toArray(Column[]::new);
    List<ChunkTask.Written> written =
        new ArrayList<>(
            content
                .rows()
                .repartition(col(StoreRows.VALIDATION_NAME), col(StoreRows.BUCKET_NAME))
                .sortWithinPartitions(order)
                .queryExecution()
                .toRdd()
                .toJavaRDD()
                .mapPartitions(task::write)
                .collect());
    written.sort(
        Comparator.comparingLong(ChunkTask.Written::bucket)
            .thenComparingInt(ChunkTask.Written::piece));
    return written;
  }

  private static List<ChunkInfo> chunks(List<ChunkTask.Written> written, Slice.Split split) {
    return written.stream()
        .filter(chunk -> chunk.split() == split)
        .map(ChunkTask.Written::chunk)
        .toList();
  }

  private static long rows(List<ChunkTask.Written> written, Slice.Split split) {
    return chunks(written, split).stream().mapToLong(ChunkInfo::rows).sum();
  }

  private static void requireComplete(List<ChunkTask.Written> written, PreparedData.Counts counts) {
    long training = rows(written, Slice.Split.TRAINING);
    long validation = rows(written, Slice.Split.VALIDATION);
    if (training != counts.training() || validation != counts.validation()) {
      throw DataErrors.data(
          "the data changed while it was read: "
              + counts.training()
              + " and "
              + counts.validation()
              + " examples were counted, "
              + training
              + " and "
              + validation
              + " written",
          "Run again when nothing writes to the data.");
    }
  }

  private PreparedData prepared(
      HadoopChunkStorage storage, StoreManifest manifest, boolean reused) {
    StoreMetadata metadata = StoreMetadata.fromMap(manifest.metadata());
    return new PreparedData(
        storage,
        manifest,
        metadata.featureShape(),
        metadata.learned(),
        metadata.counts(),
        metadata.text(),
        metadata.snapshot(),
        Duration.ofNanos(System.nanoTime() - began),
        reused);
  }

  private HadoopChunkStorage storage(String fingerprint) {
    try {
      return new HadoopChunkStorage(
          new Path(directory, fingerprint), spark.sparkContext().hadoopConfiguration());
    } catch (IOException failure) {
      throw unreachable(failure);
    }
  }

  private StagecoachException unreachable(IOException cause) {
    return new StagecoachException(
        ErrorKind.OUTPUT,
        "the directory of batch stores, " + directory + ", cannot be used: " + cause.getMessage(),
        Where.nowhere(),
        "Set " + Settings.BATCH_STORE_PATH.key() + " to where every executor may write.",
        cause);
  }
}
