package io.stagecoach.spark.doctor;

import io.stagecoach.spark.config.Setting;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/** Whether the driver can write, rename, read and delete where results go. */
final class FolderCheck implements ApplicationCheck {

  private final String name;
  private final Setting<Optional<String>> setting;

  FolderCheck(String name, Setting<Optional<String>> setting) {
    this.name = name;
    this.setting = setting;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Finding look(Application application) {
    return judge(application.conf().get(setting), application.spark().hadoopConfiguration());
  }

  Finding judge(Optional<String> folder, Configuration hadoop) {
    if (folder.isEmpty()) {
      return new Finding.Ok(setting.key() + " is not set");
    }
    try (FolderProbe probe = FolderProbe.in(folder.get(), hadoop)) {
      return new Finding.Ok("written, renamed, read and deleted in " + probe.tryAll());
    } catch (IOException | IllegalArgumentException e) {
      return new Finding.Trouble(
          folder.get() + ": " + e.getMessage(),
          "Correct " + setting.key() + ", or let the job's user write there.");
    }
  }
}
