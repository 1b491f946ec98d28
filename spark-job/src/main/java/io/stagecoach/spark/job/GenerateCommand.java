package io.stagecoach.spark.job;

import io.stagecoach.engine.dl4j.LayerCosts;
import io.stagecoach.engine.dl4j.SequenceLimit;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.text.GeneratedText;
import io.stagecoach.model.text.GenerationSettings;
import io.stagecoach.model.text.Grouping;
import io.stagecoach.model.text.Sampling;
import io.stagecoach.model.text.TextGeneration;
import io.stagecoach.model.text.Tokenizer;
import io.stagecoach.spark.cluster.ExecutorRecovery;
import io.stagecoach.spark.cluster.Pipeline;
import io.stagecoach.spark.cluster.PipelineSpec;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.Prompts;
import io.stagecoach.spark.job.outcome.LastLine;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Goes on with texts, through the pipeline. */
@Command(
    name = "generate",
    description =
        "Goes on with texts by a saved model of texts: prompts of the command line, of a file or of"
            + " a table's column.",
    mixinStandardHelpOptions = true)
final class GenerateCommand extends JobCommand {

  /** Filling and draining the pipeline for each token then costs a fifth at most. */
  private static final int GROUPS_FOR_A_STAGE = 4;

  @Parameters(
      paramLabel = "PROMPT",
      description = "What a text begins with; none where settings say where the prompts are.")
  private List<String> prompts = List.of();

  GenerateCommand() {
    super("generate");
  }

  @Override
  int executors(StagecoachConf conf) {
    return conf.stages();
  }

  @Override
  LastLine run(SparkSession spark, StagecoachConf given, RunRecord record, StopRequest stop) {
    // Micro-batches are groups of texts, which one pipeline has enough of.
    StagecoachConf conf = given.withoutReplicas();
    Configuration hadoop = spark.sessionState().newHadoopConf();
    String from = model(conf);
    record.update(figures -> figures.pipeline(conf.stages(), conf.exchange().word()).model(from));
    GenerationSettings settings = settings(conf);
    Optional<GeneratedTable> table = table(conf, hadoop);
    List<String> texts = prompts(spark, conf, hadoop);
    SavedModel saved = SavedModel.read(new ModelFileAccess(hadoop), from);
    try (StartModel model = new StartModel(saved.updater(), Optional.of(saved.learned()))) {
      Tokenizer tokenizer =
          saved
              .learned()
              .tokenizer()
              .orElseThrow(
                  () ->
                      new StagecoachException(
                          ErrorKind.MODEL,
                          from + " has no tokenizer",
                          "Give a model that Stagecoach has trained on a text."));
      int longest = SequenceLimit.of(model.model());
      int timeSteps = Math.min(longest, conf.dataSequenceLength());
      TrainingPlan plan =
          PipelineChoices.of(conf, hadoop, rows -> LayerCosts.of(model.model(), rows, timeSteps))
              .byOperations();
      GeneratedOutput output = GeneratedOutput.of(texts, table.isPresent(), System.out);
      long nanos;
      List<GeneratedText> generated;
      PipelineSpec pipeline = PipelineSpecs.withoutData(spark, conf, plan, model.updater().json());
      UUID run = UUID.randomUUID();
      try (LastingSequences sequences =
          new LastingSequences(
              executors ->
                  new PipelineSequences(
                      Pipeline.launch(pipeline.onExecutors(executors), run),
                      longest,
                      plan.weights(model.updater())),
              ExecutorRecovery.of(pipeline, PipelineSpecs.recovery(conf)),
              pipeline.executors())) {
        TextGeneration generation =
            new TextGeneration(
                sequences,
                tokenizer,
                settings,
                new Grouping(conf.generateGroup(), GROUPS_FOR_A_STAGE * plan.schedule().stages()));
        output.begin();
        long start = System.nanoTime();
        generated = generation.generate(texts, output);
        nanos = System.nanoTime() - start;
      }
      output.end(generated);
      table.ifPresent(results -> results.write(spark, generated));
      return LastLine.succeeded(record.figures()).with(figures(generated, nanos));
    }
  }

  private String model(StagecoachConf conf) {
    // What was trained with the same settings; with a table's column the output is another.
    Optional<String> trained = isTable(conf) ? Optional.empty() : conf.outputPath();
    return conf.modelFrom()
        .or(() -> trained)
        .orElseThrow(
            () ->
                new StagecoachException(
                    ErrorKind.CONFIGURATION,
                    "No model to generate by is named",
                    "Set " + Settings.MODEL_FROM.key() + "."));
  }

  private boolean isTable(StagecoachConf conf) {
    return prompts.isEmpty()
        && conf.generatePrompts().isEmpty()
        && conf.generateColumn().isPresent();
  }

  private static GenerationSettings settings(StagecoachConf conf) {
    Sampling sampling =
        new Sampling(
            conf.generateTemperature(), conf.generateTopK(), conf.generateTopP(), conf.seed());
    return new GenerationSettings(conf.generateMaxLength(), sampling, List.of(conf.generateStop()));
  }

  private Optional<GeneratedTable> table(StagecoachConf conf, Configuration hadoop) {
    if (!isTable(conf)) {
      return Optional.empty();
    }
    String path =
        conf.outputPath()
            .orElseThrow(
                () ->
                    new StagecoachException(
                        ErrorKind.CONFIGURATION,
                        "No output path is named for the results of a table",
                        "Set " + Settings.OUTPUT_PATH.key() + "."));
    return Optional.of(
        new GeneratedTable(OutputDirectory.open(path, conf.outputOverwrite(), hadoop)));
  }

  private List<String> prompts(SparkSession spark, StagecoachConf conf, Configuration hadoop) {
    if (!prompts.isEmpty()) {
      return prompts;
    }
    if (conf.generatePrompts().isPresent()) {
      return Prompts.inFile(conf.generatePrompts().get(), hadoop);
    }
    if (conf.generateColumn().isPresent()) {
      return Prompts.inColumn(spark, conf, conf.generateColumn().get());
    }
    throw new StagecoachException(
        ErrorKind.CONFIGURATION,
        "There is no prompt",
        "Give some on the command line, or set "
            + Settings.GENERATE_PROMPTS.key()
            + " or "
            + Settings.GENERATE_COLUMN.key()
            + ".");
  }

  private static Map<String, Double> figures(List<GeneratedText> generated, long nanos) {
    double tokens = generated.stream().mapToLong(GeneratedText::tokens).sum();
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("prompts", (double) generated.size());
    figures.put("tokens", tokens);
    figures.put("tokens_per_second", tokens / (nanos / 1e9));
    return figures;
  }
}
