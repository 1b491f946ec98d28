package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.engine.dl4j.TextModel;
import io.stagecoach.model.text.GeneratedText;
import io.stagecoach.model.text.GenerationSettings;
import io.stagecoach.model.text.Sampling;
import io.stagecoach.model.text.TextListener;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A GPT trained in two stages writes the same text in any number of them, and in plain Java. */
class GenerateIT {

  private static final List<String> PROMPTS = List.of("the coach", "it", "station 7 at", "dawn");
  private static final int LENGTH = 24;
  private static final int LONG = 80;

  /** A second or more of generation: what happens at its first word happens in its midst. */
  private static final int SPOKEN = 800;

  @TempDir Path directory;

  private Map<String, String> training(Workshop workshop) {
    Map<String, String> settings = new TreeMap<>(workshop.classifierSettings());
    settings.keySet().removeIf(key -> key.contains(".data.") || key.contains(".model."));
    String text =
        IntStream.range(0, 200)
            .mapToObj(i -> "the coach left for station " + i + " at dawn; it came back.")
            .collect(Collectors.joining("\n"));
    settings.put("spark.master", "local-cluster[3,1,1024]");
    settings.put("spark.stagecoach.data.path", workshop.write("journal.txt", text).toString());
    settings.put("spark.stagecoach.data.sequenceLength", "32");
    settings.put("spark.stagecoach.model.preset", "gpt-tiny");
    settings.put("spark.stagecoach.model.preset.context", "64");
    // Enough that it writes letters, and what it writes differs from prompt to prompt.
    settings.put("spark.stagecoach.epochs", "20");
    settings.put("spark.stagecoach.maxSteps", "80");
    settings.put("spark.stagecoach.learningRate", "0.003");
    settings.put("spark.stagecoach.sample.start", "the coach");
    settings.put("spark.stagecoach.sample.length", "20");
    return settings;
  }

  private static Map<String, String> generation(
      Map<String, String> training, int stages, String prompts) {
    Map<String, String> settings = new TreeMap<>(training);
    settings.keySet().removeIf(key -> key.matches(".*\\.(data|model|sample|batchStore)\\..*"));
    settings.put("spark.stagecoach.stages", String.valueOf(stages));
    settings.put("spark.stagecoach.generate.prompts", prompts);
    settings.put("spark.stagecoach.generate.temperature", "0");
    settings.put("spark.stagecoach.generate.maxLength", String.valueOf(LENGTH));
    settings.put("spark.stagecoach.generate.group", "2");
    return settings;
  }

  /** Past the context of 64 tokens, of a table's column, and by the other exchange. */
  private static Map<String, String> overTheShuffleExchange(
      Workshop workshop, Map<String, String> training) {
    Path table = workshop.write("prompts.csv", "start\n" + String.join("\n", PROMPTS) + "\n");
    Map<String, String> settings = generation(training, 2, "");
    settings.remove("spark.stagecoach.generate.prompts");
    settings.put("spark.stagecoach.exchange", "shuffle");
    settings.put("spark.stagecoach.data.path", table.toString());
    settings.put("spark.stagecoach.generate.column", "start");
    settings.put("spark.stagecoach.generate.maxLength", String.valueOf(LONG));
    settings.put("spark.stagecoach.model.from", workshop.path("out").toString());
    settings.put("spark.stagecoach.output.path", workshop.path("texts").toString());
    return settings;
  }

  private static void assertTableOfTexts(Workshop workshop) {
    List<GeneratedText> expected;
    try (TextModel model = TextModel.open(workshop.path("out").resolve("model.zip"))) {
      expected =
          model.generate(
              PROMPTS, GenerationSettings.of(LONG, Sampling.at(0, 1)), TextListener.none());
    }
    assertThat(LocalTables.rows(workshop.path("texts")))
        .containsExactlyElementsOf(
            expected.stream()
                .map(
                    text ->
                        RowFactory.create(
                            text.prompt(), text.text(), text.tokens(), text.finish().word()))
                .toList());
  }

  @Test
  void theNumberOfStagesMakesNoDifference() {
    Workshop workshop = new Workshop(directory);
    Map<String, String> training = training(workshop);
    String several = workshop.write("prompts.txt", String.join("\n", PROMPTS)).toString();
    // Plain Java has it in one piece; two stages write what follows.
    List<StagecoachProcess.Outcome> outcomes =
        new OneDriver(workshop)
            .succeedInOneSession(
                List.of(
                    new OneDriver.Command("train", training),
                    new OneDriver.Command("generate", generation(training, 3, several)),
                    new OneDriver.Command("generate", overTheShuffleExchange(workshop, training))));
    StagecoachProcess.Outcome trained = outcomes.get(0);
    assertThat(trained.out()).containsPattern("A sample of what the model writes:\\R+the coach");

    String expected;
    String single;
    try (TextModel model = TextModel.open(workshop.path("out").resolve("model.zip"))) {
      GenerationSettings settings = GenerationSettings.of(LENGTH, Sampling.at(0, 1));
      expected =
          PROMPTS.stream()
              .map(prompt -> model.generate(prompt, settings) + "\n\n")
              .collect(Collectors.joining());
      single =
          model.generate(PROMPTS.get(2), GenerationSettings.of(SPOKEN, Sampling.at(0, 1))) + "\n";
    }

    StagecoachProcess.Outcome inThree = outcomes.get(1);
    assertThat(inThree.out()).contains(expected);
    assertThat(inThree.lastLine().get("prompts").asInt()).isEqualTo(PROMPTS.size());
    assertThat(inThree.lastLine().get("tokens").asInt()).isEqualTo(LENGTH * PROMPTS.size());
    assertThat(inThree.lastLine().get("tokens_per_second").asDouble()).isPositive();
    assertTableOfTexts(workshop);

    String one = workshop.write("prompt.txt", PROMPTS.get(2)).toString();
    Map<String, String> alone = generation(training, 2, one);
    alone.put("spark.master", "local-cluster[2,1,1024]");
    alone.put("spark.stagecoach.generate.maxLength", String.valueOf(SPOKEN));
    StagecoachProcess.Outcome outcome = withAKillAtItsFirstWord(workshop, alone);
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    assertThat(outcome.out()).as(outcome.toString()).contains(single);
    assertThat(outcome.err()).contains("The texts under way go on, on 2 executors");
  }

  /** A single text is written as it comes; one executor is killed when it has begun. */
  private static StagecoachProcess.Outcome withAKillAtItsFirstWord(
      Workshop workshop, Map<String, String> settings) {
    try (StagecoachProcess run = workshop.start("generate", settings)) {
      long end = System.nanoTime() + Duration.ofMinutes(2).toNanos();
      while (!run.outSoFar().contains(PROMPTS.get(2))) {
        assertThat(System.nanoTime()).as(run.errSoFar()).isLessThan(end);
        assertThat(run.isOver()).as("the run is over%n%s", run.errSoFar()).isFalse();
        Awaiting.sleep(5);
      }
      run.executors().get(1).destroyForcibly();
      StagecoachProcess.Outcome outcome = run.await(Duration.ofMinutes(2));
      run.awaitNoProcess();
      return outcome;
    }
  }
}
