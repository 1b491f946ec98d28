package io.stagecoach.spark.job;

import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.cluster.FirstExecutor;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.job.outcome.LastLine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/**
 * A driver that runs several commands one after the other in one Spark session, with the same
 * executors, as a program does that trains several networks. Tests that compare what runs come to
 * so need no new processes for each.
 */
public final class CommandsInOneSession {

  private CommandsInOneSession() {}

  /**
   * Runs the commands and ends the process.
   *
   * @param args a word of the launcher's, and then properties files
   */
  public static void main(String[] args) {
    List<CommandFile> commands =
        Arrays.stream(args).skip(1).map(Path::of).map(CommandFile::new).toList();
    SparkConf session = new SparkConf();
    ClusterSession.in(
        session,
        Duration.ofMinutes(1),
        spark -> {
          commands.forEach(command -> run(command, session, spark));
          return commands.size();
        });
    System.exit(0);
  }

  private static void run(CommandFile file, SparkConf session, SparkSession spark) {
    try {
      Map<String, String> own = file.settings();
      SparkConf settings = session.clone();
      own.forEach(settings::set);
      file.record(() -> exitCode(file.command(), settings, spark));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int exitCode(JobCommand command, SparkConf settings, SparkSession spark) {
    RunRecord record = new RunRecord();
    try {
      command.adjust(settings);
      StagecoachConf conf = StagecoachConf.from(settings);
      command.checkSpark(settings, conf);
      if (command.executors(conf) > 0) {
        FirstExecutor.await(spark.sparkContext(), conf.deadlineLaunch());
      }
      command.run(spark, conf, record, StopRequest.never()).print(System.out);
      return command.exitCode();
    } catch (StagecoachException e) {
      System.err.println("Stagecoach failed: " + e.getMessage());
      LastLine.failed(e, record.figures()).print(System.out);
      return e.kind().exitCode();
    }
  }
}
