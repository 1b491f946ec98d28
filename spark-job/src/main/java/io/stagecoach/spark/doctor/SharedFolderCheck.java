package io.stagecoach.spark.doctor;

import io.stagecoach.spark.cluster.EveryExecutor;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.data.BatchStorePlace;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.util.SerializableConfiguration;

/** Whether executors read what the driver writes where the batch store is to be. */
final class SharedFolderCheck implements ApplicationCheck {

  /** What an executor says that has read it. */
  private static final String READ = "";

  /** An executor's question to itself. */
  private record Reading(String file, SerializableConfiguration hadoop)
      implements EveryExecutor.Question {

    @Override
    public String answer() {
      Path path = new Path(file);
      try {
        return FolderProbe.holds(path.getFileSystem(hadoop.value()), path)
            ? READ
            : "reads something else";
      } catch (FileNotFoundException e) {
        return "does not see it";
      } catch (IOException e) {
        return "cannot read it: " + e.getMessage();
      }
    }
  }

  @Override
  public String name() {
    return "batch store folder";
  }

  @Override
  public String where() {
    return "everywhere";
  }

  @Override
  public Finding look(Application application) {
    Configuration hadoop = application.spark().hadoopConfiguration();
    String folder = BatchStorePlace.of(application.conf());
    try (FolderProbe probe = FolderProbe.in(folder, hadoop)) {
      return judge(
          folder,
          EveryExecutor.ask(
              application.spark(),
              "Stagecoach: reading a file of the driver's",
              new Reading(probe.write().toString(), new SerializableConfiguration(hadoop)),
              application.conf().deadlineContact()));
    } catch (IOException | IllegalArgumentException e) {
      return new Finding.Trouble(folder + ": " + e.getMessage(), remedy());
    }
  }

  static Finding judge(String folder, List<EveryExecutor.Answer> answers) {
    List<String> failed =
        answers.stream()
            .filter(answer -> !answer.text().equals(READ))
            .map(answer -> "executor " + answer.place() + " " + answer.text())
            .toList();
    return failed.isEmpty()
        ? new Finding.Ok("what the driver writes to " + folder + ", every executor reads")
        : new Finding.Trouble(
            "a file of the driver's in " + folder + ": " + String.join(", ", failed), remedy());
  }

  private static String remedy() {
    return "Set "
        + Settings.BATCH_STORE_PATH.key()
        + " to a folder that all machines reach and the job's user may write: HDFS, an object store,"
        + " a mounted disk.";
  }
}
