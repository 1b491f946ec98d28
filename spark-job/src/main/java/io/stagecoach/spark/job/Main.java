package io.stagecoach.spark.job;

import io.stagecoach.error.StagecoachException;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * The main class for {@code spark-submit}. What it does is the subcommand; all settings are {@code
 * spark.stagecoach.*} in the {@code SparkConf}.
 */
@Command(
    name = "stagecoach",
    description = "Pipeline-parallel training of DL4J networks, as a Spark job.",
    subcommands = {
      TrainCommand.class,
      EvaluateCommand.class,
      ScoreCommand.class,
      RetrainCommand.class,
      GenerateCommand.class,
      PlanCommand.class,
      DoctorCommand.class,
      SimulateCommand.class
    },
    mixinStandardHelpOptions = true,
    version = "Stagecoach ${stagecoach.version}",
    footer = {
      "",
      "Settings are given to spark-submit as --conf spark.stagecoach.NAME=VALUE or in a",
      "--properties-file; docs/configuration.md lists them all."
    })
public final class Main {

  private static final int USAGE = 20;

  private Main() {}

  /** Runs a subcommand and ends the process with its exit code. */
  public static void main(String[] args) {
    CommandLine commands = new CommandLine(new Main());
    commands.getCommandSpec().exitCodeOnInvalidInput(USAGE);
    commands
        .getSubcommands()
        .values()
        .forEach(c -> c.getCommandSpec().exitCodeOnInvalidInput(USAGE));
    if (args.length == 0) {
      end(usage(commands), Optional.empty());
    } else {
      int code = commands.execute(args);
      end(code, failure(commands));
    }
  }

  private static int usage(CommandLine commands) {
    commands.usage(System.err);
    return USAGE;
  }

  /** Why the command has failed, if it got so far as to say so. */
  private static Optional<StagecoachException> failure(CommandLine commands) {
    return Optional.ofNullable(commands.getParseResult())
        .filter(CommandLine.ParseResult::hasSubcommand)
        .map(parsed -> parsed.subcommand().commandSpec().userObject())
        .filter(JobCommand.class::isInstance)
        .flatMap(command -> ((JobCommand) command).failure());
  }

  /**
   * In a driver that YARN runs, System.exit marks the application failed even with code 0; there
   * the first cause is thrown. Spark has an exception with an exit code, but drops the code and
   * would say nothing of the cause. Elsewhere the process must be ended: a barrier job leaves a
   * timer of Spark's behind that would keep it alive.
   */
  private static void end(int code, Optional<StagecoachException> failure) {
    // What a SparkConf would read, without its start: not every command has to do with Spark.
    boolean insideYarn =
        System.getProperty("spark.master", "").startsWith("yarn")
            && System.getProperty("spark.submit.deployMode", "").equals("cluster");
    if (!insideYarn) {
      System.exit(code);
    }
    if (code != 0) {
      throw failure.map(ApplicationFailure::new).orElseGet(() -> new ApplicationFailure(code));
    }
  }
}
