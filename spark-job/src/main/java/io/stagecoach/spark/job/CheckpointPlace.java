package io.stagecoach.spark.job;

import io.stagecoach.checkpoint.CheckpointStore;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.HadoopChunkStorage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Locale;
import java.util.zip.CRC32C;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Where a run's checkpoints are. An output path has one place, so that whoever starts the same job
 * again finds them, and another job does not.
 */
final class CheckpointPlace {

  /** What stands behind the output's name. */
  static final String SUFFIX = ".checkpoints";

  private CheckpointPlace() {}

  /**
   * The checkpoints of the run with this output; nothing is written yet.
   *
   * @throws StagecoachException OUTPUT if the file system cannot be reached
   */
  static CheckpointStore of(StagecoachConf conf, OutputDirectory output, Configuration hadoop) {
    return at(folder(conf, output), hadoop);
  }

  /**
   * Where the run keeps the weights of its best validation, in a folder of its checkpoints' place.
   */
  static CheckpointStore ofBest(StagecoachConf conf, OutputDirectory output, Configuration hadoop) {
    return at(folder(conf, output) + "/best", hadoop);
  }

  private static String folder(StagecoachConf conf, OutputDirectory output) {
    return conf.checkpointPath().map(under -> below(under, output)).orElse(output.path() + SUFFIX);
  }

  private static CheckpointStore at(String path, Configuration hadoop) {
    try {
      return new CheckpointStore(new HadoopChunkStorage(new Path(path), hadoop), Clock.systemUTC());
    } catch (IOException | IllegalArgumentException e) {
      throw unreachable(path, e);
    }
  }

  private static String below(String directory, OutputDirectory output) {
    CRC32C crc = new CRC32C();
    crc.update(output.path().getBytes(StandardCharsets.UTF_8));
    String name = new Path(output.path()).getName();
    return directory + "/" + name + String.format(Locale.ROOT, "-%08x", crc.getValue());
  }

  /** That checkpoints cannot be looked for. */
  static StagecoachException unreachable(Object place, Exception cause) {
    return new StagecoachException(
        ErrorKind.OUTPUT,
        "The checkpoints at " + place + " cannot be looked for: " + cause.getMessage(),
        Where.nowhere(),
        "Correct " + Settings.CHECKPOINT_PATH.key() + ".",
        cause);
  }
}
