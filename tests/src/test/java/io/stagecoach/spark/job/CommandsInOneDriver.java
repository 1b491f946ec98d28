package io.stagecoach.spark.job;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * A driver that runs several commands one after the other, each from the reading of its settings to
 * its exit code and in a Spark session of its own. Tests whose commands need no executors of their
 * own so wait for one process only.
 */
public final class CommandsInOneDriver {

  private CommandsInOneDriver() {}

  /**
   * Runs the commands and ends the process.
   *
   * @param args a word of the launcher's, and then properties files
   */
  public static void main(String[] args) throws IOException {
    for (int i = 1; i < args.length; i++) {
      CommandFile file = new CommandFile(Path.of(args[i]));
      Map<String, String> settings = file.settings();
      // Where spark-submit leaves them for the job.
      settings.forEach(System::setProperty);
      file.record(() -> file.command().call());
      settings.keySet().forEach(System::clearProperty);
    }
    System.exit(0);
  }
}
