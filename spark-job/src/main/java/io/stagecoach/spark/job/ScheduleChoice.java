package io.stagecoach.spark.job;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.schedule.WrittenSchedule;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Who writes the run's schedules: the file that is named, or else one of ours. */
final class ScheduleChoice {

  private ScheduleChoice() {}

  /**
   * The author that the settings ask for.
   *
   * @throws StagecoachException CONFIGURATION where the file cannot be read or is not a valid
   *     schedule
   */
  static ScheduleAuthor of(StagecoachConf conf, Configuration hadoop) {
    return conf.scheduleFile()
        .<ScheduleAuthor>map(
            file -> ModelFileAccess.naming(file, () -> WrittenSchedule.parse(read(file, hadoop))))
        .orElseGet(() -> Schedules.standard().named(conf.schedule()));
  }

  private static String read(String file, Configuration hadoop) {
    Path path = new Path(file);
    try (InputStream in = path.getFileSystem(hadoop).open(path)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException | IllegalArgumentException e) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "It cannot be read: " + e.getMessage(),
          Where.nowhere(),
          "Correct " + Settings.SCHEDULE_FILE.key() + ".",
          e);
    }
  }
}
