package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.model.DataShape;
import io.stagecoach.model.ModelPresets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An executor becomes slow while it trains: the other one takes over some of its layers. */
@Isolated
class ReplanIT {

  private static final int ROWS = 9_000;
  private static final String LONG = "stagecoach.replan.long";

  /** In the long form, from this step on one executor is slow; and so many steps count as after. */
  private static final int SLOW_FROM = 60;

  private static final int AFTER = 60;

  private static final Pattern CUT_AFTER = Pattern.compile("^Cut anew after step (\\d+):");

  private static final Pattern FOR_DEVICES =
      Pattern.compile("executor 1 on localhost takes .* on executors (\\d), (\\d), where");

  @TempDir Path directory;

  private static Map<String, String> settings(Workshop workshop, Map<String, String> difference) {
    Map<String, String> settings = workshop.classifierSettings();
    settings.put("spark.stagecoach.batchSize", "512");
    settings.put("spark.stagecoach.epochs", "5");
    settings.put("spark.stagecoach.data.validationShare", "0.1");
    settings.putAll(difference);
    return settings;
  }

  private Workshop workshop(int layers, int width) {
    Workshop workshop = new Workshop(directory);
    workshop.table(ROWS);
    workshop.write(
        "model.json",
        ModelPresets.named("mlp")
            .configuration(
                new DataShape.Table(Workshop.FEATURES, Workshop.CLASSES),
                Map.of(
                    "hidden", String.join(",", Collections.nCopies(layers, String.valueOf(width)))))
            .toJson());
    return workshop;
  }

  @Test
  void theLayersMoveAwayFromASlowExecutorAndTheWeightsAreTheSame() throws IOException {
    Workshop workshop = workshop(9, 384);
    StagecoachProcess.Outcome undisturbed =
        workshop.run("train", settings(workshop, output(workshop, "whole")));
    assertThat(undisturbed.exitCode()).as(undisturbed.toString()).isZero();

    Map<String, String> replan = new TreeMap<>(output(workshop, "out"));
    replan.put("spark.stagecoach.replan", "true");
    StagecoachProcess.Outcome replanned =
        withASlowExecutor(workshop, settings(workshop, replan), "out", 8);
    assertThat(replanned.exitCode()).as(replanned.toString()).isZero();
    Networks.assertSame(workshop.network("out"), workshop.network("whole"));
    assertThat(choices(workshop, "out"))
        .as(replanned.toString())
        .anySatisfy(
            line ->
                assertThat(line)
                    .matches(
                        "Cut anew after step \\d+: layers 0-\\d \\| .*, not 0-\\d \\| .*; a step's"
                            + " stages .*"))
        .anySatisfy(line -> assertThat(line).startsWith("The new cut brought steps of "));
    assertThat(workshop.report("out").get("recoveries").asInt()).isZero();
    assertThat(Files.readString(workshop.path("out").resolve("plan-last.json")))
        .as("the plan that it ended with")
        .contains("\"cut\"")
        .isNotEqualTo(Files.readString(workshop.path("out").resolve("plan.json")));
    assertThat(workshop.path("whole").resolve("plan-last.json")).doesNotExist();
  }

  /**
   * Two replicas of two stages, four executors; one of them becomes slow, and the layers of all
   * move. The weights are those of one pipeline that sums in as many blocks. By shuffle the layers
   * are wider: what a tick costs is no executor's, and a tenth of a step must be to be gained.
   */
  @ParameterizedTest
  @CsvSource({"driver, streaming, 384", "executor, streaming, 384", "executor, shuffle, 1024"})
  @EnabledIfSystemProperty(named = LONG, matches = "true")
  void allReplicasAreCutAnewWhereOneIsSlow(String synchronizer, String exchange, int width)
      throws IOException {
    Workshop workshop = workshop(9, width);
    Map<String, String> one = new TreeMap<>(output(workshop, "whole"));
    one.put("spark.stagecoach.gradientBlocks", "2");
    StagecoachProcess.Outcome undisturbed = workshop.run("train", settings(workshop, one));
    assertThat(undisturbed.exitCode()).as(undisturbed.toString()).isZero();

    Map<String, String> replan = new TreeMap<>(output(workshop, "out"));
    replan.put("spark.master", "local-cluster[4,1,1024]");
    replan.put("spark.executor.memory", "512m");
    replan.put("spark.stagecoach.replicas", "2");
    replan.put("spark.stagecoach.replan", "true");
    replan.put("spark.stagecoach.synchronizer", synchronizer);
    replan.put("spark.stagecoach.exchange", exchange);
    StagecoachProcess.Outcome replanned =
        withASlowExecutor(workshop, settings(workshop, replan), "out", 8);
    assertThat(replanned.exitCode()).as(replanned.toString()).isZero();
    Networks.assertSame(workshop.network("out"), workshop.network("whole"));
    assertThat(choices(workshop, "out"))
        .as(replanned.toString())
        .anySatisfy(line -> assertThat(line).startsWith("Cut anew after step "));
    choices(workshop, "out").forEach(System.out::println);
  }

  /** One executor is slow from the beginning, and the first step's cut is for that. */
  @Test
  @EnabledIfSystemProperty(named = LONG, matches = "true")
  void aRunBeginsWithACutForExecutorsThatDiffer() throws IOException {
    Workshop workshop = workshop(12, 512);
    StagecoachProcess.Outcome undisturbed =
        workshop.run("train", settings(workshop, output(workshop, "whole")));
    assertThat(undisturbed.exitCode()).as(undisturbed.toString()).isZero();

    StagecoachProcess.Outcome alike =
        withASlowDevice(workshop, settings(workshop, output(workshop, "alike")), " epoch ");
    assertThat(alike.exitCode()).as(alike.toString()).isZero();

    Map<String, String> measured = new TreeMap<>(output(workshop, "out"));
    measured.put("spark.stagecoach.partitioner", "measured");
    measured.put("spark.stagecoach.profile.compare", "always");
    StagecoachProcess.Outcome outcome =
        withASlowDevice(workshop, settings(workshop, measured), "Measuring layers");
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    choices(workshop, "out").forEach(System.out::println);
    Matcher chosen =
        FOR_DEVICES.matcher(String.join(System.lineSeparator(), choices(workshop, "out")));
    assertThat(chosen.find()).as(outcome.toString()).isTrue();
    assertThat(outcome.err())
        .contains(
            String.format(
                "0 on executor %s on localhost, 1 on executor %s on localhost",
                chosen.group(1), chosen.group(2)));
    for (String name : List.of("whole", "alike", "out")) {
      CurveOfSteps curve = CurveOfSteps.of(workshop.report(name));
      System.out.printf(
          Locale.ROOT, "%s: %.0f ms a step%n", name, curve.median(curve.size() / 2, curve.size()));
      Networks.assertSame(workshop.network(name), workshop.network("whole"));
    }
  }

  /** How a run ends one of whose executors has little time until then. */
  private static StagecoachProcess.Outcome throttled(StagecoachProcess run, Throttle throttle) {
    try (throttle) {
      StagecoachProcess.Outcome outcome = run.await(Duration.ofMinutes(8));
      run.awaitNoProcess();
      return outcome;
    }
  }

  /** One of the executors is slow from when the run says something on. */
  private static StagecoachProcess.Outcome withASlowDevice(
      Workshop workshop, Map<String, String> settings, String words) {
    settings.put("spark.stagecoach.progress", "lines");
    try (StagecoachProcess run = workshop.start("train", settings)) {
      Awaiting.await(Duration.ofMinutes(2), () -> run.errSoFar().contains(words));
      return throttled(run, Throttle.evenlyOn(run.executor(1)));
    }
  }

  /** Of three executors one is lost. For a while none comes in its stead, and then one does. */
  @Test
  @EnabledIfSystemProperty(named = LONG, matches = "true")
  void theLayersFollowTheNumberOfExecutors() throws IOException {
    Workshop workshop = workshop(12, 512);
    Map<String, String> base = new TreeMap<>();
    base.put("spark.stagecoach.epochs", "20");
    base.put("spark.stagecoach.microBatches", "8");
    base.put("spark.stagecoach.progress", "lines");
    Map<String, String> whole = new TreeMap<>(base);
    whole.putAll(output(workshop, "whole"));
    StagecoachProcess.Outcome undisturbed = workshop.run("train", settings(workshop, whole));
    assertThat(undisturbed.exitCode()).as(undisturbed.toString()).isZero();

    Map<String, String> replan = new TreeMap<>(base);
    replan.putAll(output(workshop, "out"));
    replan.put("spark.master", "local-cluster[3,1,1024]");
    replan.put("spark.stagecoach.stages", "3");
    replan.put("spark.stagecoach.replan", "true");
    replan.put("spark.stagecoach.recovery.replacement", "100ms");
    replan.put("spark.stagecoach.recovery.leastExecutors", "2");
    replan.put("spark.stagecoach.recovery.attempts", "100");
    StagecoachProcess.Outcome outcome;
    try (StagecoachProcess run = workshop.start("train", settings(workshop, replan))) {
      Awaiting.await(Duration.ofMinutes(3), () -> run.errSoFar().contains(" epoch "));
      List<ProcessHandle> first = run.executors();
      try (HeldUp others = HeldUp.but(run, first)) {
        first.get(2).destroyForcibly();
        others.until(() -> run.errSoFar().contains("The new cut brought"));
      }
      outcome = run.await(Duration.ofMinutes(5));
      workshop.assertTidy(run, outcome);
    }
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    assertThat(outcome.err()).contains("There are 3 executors again: the stages are spread out");
    List<String> cuts =
        choices(workshop, "out").stream().filter(line -> line.startsWith("Cut anew")).toList();
    assertThat(cuts).as(outcome.toString()).hasSizeGreaterThan(1);
    assertThat(cuts.get(0)).endsWith("(2 executors have the places of 3)");
    assertThat(cuts.get(1)).doesNotContain("have the places of");
    Networks.assertSame(workshop.network("out"), workshop.network("whole"));
    choices(workshop, "out").forEach(System.out::println);
  }

  private static Map<String, String> output(Workshop workshop, String name) {
    return Map.of("spark.stagecoach.output.path", workshop.path(name).toString());
  }

  private static List<String> choices(Workshop workshop, String output) throws IOException {
    List<String> choices = new ArrayList<>();
    workshop.report(output).get("choices").forEach(line -> choices.add(line.asText()));
    return choices;
  }

  /** One of the executors gets a third of its time from a checkpoint after so many steps on. */
  private static StagecoachProcess.Outcome withASlowExecutor(
      Workshop workshop, Map<String, String> settings, String output, int steps)
      throws IOException {
    settings.put("spark.stagecoach.checkpoint.interval", String.valueOf(steps));
    try (StagecoachProcess run = workshop.start("train", settings)) {
      long end = System.nanoTime() + Duration.ofMinutes(3).toNanos();
      while (DriverKill.newestCheckpoint(workshop, output) == 0) {
        assertThat(System.nanoTime()).as(run.errSoFar()).isLessThan(end);
        assertThat(run.isOver()).as("the run is over%n%s", run.errSoFar()).isFalse();
        Awaiting.sleep(5);
      }
      return throttled(run, Throttle.on(run.executor(1)));
    }
  }

  /** What {@code tests/bin/replan} runs: a table, and a picture. */
  @Test
  @EnabledIfSystemProperty(named = LONG, matches = "true")
  void theLongForm() throws IOException {
    Workshop workshop = workshop(12, 512);
    Map<String, String> base = new TreeMap<>();
    base.put("spark.stagecoach.epochs", "14");
    Map<String, CurveOfSteps> curves = new LinkedHashMap<>();
    for (String name : List.of("undisturbed", "slow", "slow, replan", "slow, best cut")) {
      String output = name.replaceAll("[ ,]+", "-");
      Map<String, String> settings = new TreeMap<>(base);
      settings.putAll(output(workshop, output));
      if (name.endsWith("replan")) {
        settings.put("spark.stagecoach.replan", "true");
      }
      if (name.endsWith("best cut")) {
        settings.put("spark.stagecoach.cut", lastCut(choices(workshop, "slow-replan")));
      }
      Map<String, String> all = settings(workshop, settings);
      StagecoachProcess.Outcome outcome =
          name.equals("undisturbed")
              ? workshop.run("train", all)
              : withASlowExecutor(workshop, all, output, SLOW_FROM);
      assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
      Networks.assertSame(workshop.network(output), workshop.network("undisturbed"));
      curves.put(name, CurveOfSteps.of(workshop.report(output)));
      if (name.endsWith("replan")) {
        choices(workshop, output).forEach(System.out::println);
      }
    }
    StringBuilder table = new StringBuilder();
    table.append("| run | steps before, ms | the last ").append(AFTER).append(" steps, ms |\n");
    table.append("| --- | --- | --- |\n");
    curves.forEach(
        (name, curve) ->
            table.append(
                String.format(
                    Locale.ROOT,
                    "| %s | %.0f | %.0f |%n",
                    name,
                    curve.median(SLOW_FROM / 2, SLOW_FROM),
                    curve.median(curve.size() - AFTER, curve.size()))));
    System.out.println(table);
    Files.writeString(Path.of("target", "replan.txt"), table);
    curves.remove("undisturbed");
    Files.writeString(
        Path.of("target", "replan.svg"),
        CurveOfSteps.picture(
            "One of two executors gets a third of its time",
            curves,
            cuts(choices(workshop, "slow-replan"))));
  }

  /** After which steps layers were shared out anew. */
  private static Map<Integer, String> cuts(List<String> choices) {
    Map<Integer, String> cuts = new TreeMap<>();
    for (String line : choices) {
      Matcher cut = CUT_AFTER.matcher(line);
      if (cut.find()) {
        cuts.put(Integer.parseInt(cut.group(1)), "cut anew after step " + cut.group(1));
      }
    }
    return cuts;
  }

  /** {@code 0,8} of {@code Cut anew after step 73: layers 0-7 | 8-12, not …}. */
  private static String lastCut(List<String> choices) {
    String line =
        choices.stream()
            .filter(choice -> choice.startsWith("Cut anew"))
            .reduce((earlier, later) -> later)
            .orElseThrow();
    return Arrays.stream(line.replaceAll(".*: layers |, not .*", "").split(" \\| "))
        .map(range -> range.replaceAll("-.*", ""))
        .collect(Collectors.joining(","));
  }
}
