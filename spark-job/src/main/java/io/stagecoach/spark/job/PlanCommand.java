package io.stagecoach.spark.job;

import io.stagecoach.engine.dl4j.LayerCosts;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.plan.PlanTimes;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.JobData;
import io.stagecoach.spark.job.outcome.LastLine;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Says how a model would be cut, and what that is expected to cost; trains nothing. */
@Command(
    name = "plan",
    description =
        "Prints which layers make which stage, the memory each needs, and the expected bubble.",
    mixinStandardHelpOptions = true)
final class PlanCommand extends JobCommand {

  @Option(
      names = "--write",
      paramLabel = "FILE",
      description = "Writes the plan, for spark.stagecoach.plan.file of a later run.")
  private String file;

  PlanCommand() {
    super("plan");
  }

  private void write(String plan, Configuration hadoop) {
    try {
      Path path = new Path(file);
      FileSystem files = path.getFileSystem(hadoop);
      // Hadoop's checksum file beside it would only puzzle its reader.
      files.setWriteChecksum(false);
      try (OutputStream out = files.create(path)) {
        out.write(plan.getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new StagecoachException(
          ErrorKind.OUTPUT,
          "The plan cannot be written to " + file + ": " + e.getMessage(),
          Where.nowhere(),
          "Name a file that can be written with --write.",
          e);
    }
  }

  @Override
  int executors(StagecoachConf conf) {
    return 0;
  }

  @Override
  LastLine run(SparkSession spark, StagecoachConf conf, RunRecord record, StopRequest stop) {
    record.update(figures -> figures.pipeline(conf.stages(), conf.exchange().word()));
    Configuration hadoop = spark.sessionState().newHadoopConf();
    JobData data = JobData.open(spark, conf);
    try (StartModel model = StartModel.of(conf, data, hadoop)) {
      PipelineChoices choices =
          PipelineChoices.of(conf, hadoop, rows -> LayerCosts.of(model.model(), rows, data));
      Optional<KnownProfile> known =
          KnownProfile.look(
              conf,
              hadoop,
              choices.largest(),
              ProfileConditions.planned(spark, conf, model, choices.rows(), choices.largest()));
      boolean chooses = !choices.open().isEmpty();
      Optional<PipelineChoice> choice =
          known.filter(any -> chooses).map(KnownProfile::profile).map(choices::by);
      TrainingPlan plan = choice.map(PipelineChoice::plan).orElseGet(choices::byOperations);
      Optional<PlanTimes> times =
          known.map(KnownProfile::profile).map(profile -> choices.times(plan, profile));
      System.out.println(plan.table(times));
      known.ifPresent(earlier -> System.out.println("Times: those in " + earlier.place()));
      choice.ifPresent(chosen -> System.out.println("Chosen: " + chosen.reason()));
      System.out.printf(
          Locale.ROOT,
          "%s, %d micro-batches: expected bubble %.1f %% (if time goes as operations do)%n",
          plan.schedule().name(),
          plan.schedule().microBatches(),
          100 * plan.predictedBubble());
      if (!conf.memoryLimit().isAlike()) {
        System.out.printf(
            "%s is not the same for all executors: this plan counts on those that may hold most; a run"
                + " cuts the model anew where the ones that it gets do not hold it%n",
            Settings.MEMORY_LIMIT.key());
      }
      if (chooses && choice.isEmpty()) {
        System.out.printf(
            "%s: a run measures its layers and hops on its executors first and then chooses; this"
                + " is one plan that it may choose, by operation counts%n",
            String.join(" and ", choices.open()));
      }
      if (file != null) {
        write(WrittenPlan.of(conf, plan), hadoop);
        System.out.println("The plan is in " + file);
      }
      record.update(figures -> figures.bubble(Double.NaN, plan.predictedBubble()));
      return LastLine.succeeded(record.figures());
    }
  }
}
