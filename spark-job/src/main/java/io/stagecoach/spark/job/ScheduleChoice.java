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
import java.util.Comparator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Who may write the run's schedules: the file that is named, or else one or all of ours. */
final class ScheduleChoice {

  private ScheduleChoice() {}

  /** What is taken where nobody says anything, and it can be. */
  private static final String DEFAULT = Settings.SCHEDULE.defaultValue().fixed().orElseThrow();

  /**
   * The authors that the settings leave: one, or with schedule=auto all that write for so many
   * chunks, the default first and then by name.
   *
   * @throws StagecoachException CONFIGURATION where the file cannot be read or is not a valid
   *     schedule
   */
  static List<ScheduleAuthor> of(StagecoachConf conf, Configuration hadoop) {
    if (conf.scheduleFile().isPresent()) {
      String file = conf.scheduleFile().get();
      return List.of(ModelFileAccess.naming(file, () -> WrittenSchedule.parse(read(file, hadoop))));
    }
    Schedules all = Schedules.standard();
    return conf.schedule()
        .fixed()
        .map(name -> List.of(all.named(name)))
        .orElseGet(
            () ->
                all.forChunks(conf.chunks()).stream()
                    .sorted(Comparator.comparing(author -> !author.name().equals(DEFAULT)))
                    .toList());
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
