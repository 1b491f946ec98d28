package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Things happen to a run, and make no difference. */
@Isolated("What it does is timed.")
class ChaosIT {

  private static final String LONG = "stagecoach.chaos.faults";
  private static final long SEED = 20261125;
  private static final int STEPS = 120;

  @TempDir Path directory;

  @Test
  @DisabledIfSystemProperty(named = LONG, matches = ".+")
  void whateverHappensTheWeightsAreTheSame() throws IOException {
    Chaos chaos = Chaos.in(directory, STEPS);
    List<Fault> faults = List.of(Fault.HANG, Fault.KILL, Fault.DRIVER, Fault.DISK);

    // What stages have kept goes on with the driver that comes after the one that is killed.
    Chaos.Result result =
        chaos.disturbed(
            "shuffle", "gpipe", List.of("executor", "driver"), faults, SEED, chaos.undisturbed());

    assertThat(result.run().struck().keySet()).containsExactlyInAnyOrderElementsOf(faults);
    assertThat(result.identical()).as(result.outcome().toString()).isTrue();
    assertThat(result.run().starts()).isEqualTo(2);
    assertThat(result.run().recoveries()).as(result.outcome().toString()).isNotEmpty();
    assertThat(result.outcome().lastLine().get("steps").asInt()).isEqualTo(STEPS);
  }

  /** What {@code tests/bin/chaos} runs. */
  @Test
  @EnabledIfSystemProperty(named = LONG, matches = ".+")
  void theLongForm() throws IOException {
    int count = Integer.getInteger(LONG);
    long seed = Long.getLong("stagecoach.chaos.seed", SEED);
    Chaos chaos = Chaos.in(directory, Integer.getInteger("stagecoach.chaos.steps", 400));
    List<Fault> kinds = Arrays.stream(Fault.values()).filter(Fault::isPossible).toList();
    MultiLayerNetwork expected = chaos.undisturbed();
    StringBuilder table = new StringBuilder();
    line(
        table,
        "| exchange | synchronizer | schedule | faults | starts | run again | after s"
            + " | kill to step s | weights |");
    line(table, "| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    boolean identical = true;
    for (String exchange : List.of("streaming", "shuffle")) {
      for (String synchronizer : List.of("driver", "executor")) {
        String schedule = synchronizer.equals("driver") ? "1f1b" : "gpipe";
        seed++;
        Chaos.Result result =
            chaos.disturbed(
                exchange,
                schedule,
                List.of(synchronizer),
                Chaos.faults(kinds, count, seed),
                seed,
                expected);
        identical &= result.identical();
        line(
            table,
            String.format(
                Locale.ROOT,
                "| %s | %s | `%s` | %s | %d | %d | %s | %s | %s |",
                exchange,
                synchronizer,
                schedule,
                result.run().struck(),
                result.run().starts(),
                result.run().recoveries().size(),
                medianAndMost(result.run().recoveries()),
                medianAndMost(result.run().afterKill()),
                result.identical() ? "identical" : "DIFFERENT"));
        Files.writeString(Path.of("target", "chaos.txt"), table);
      }
    }
    assertThat(identical).as(table.toString()).isTrue();
  }

  private static String medianAndMost(List<Double> seconds) {
    List<Double> sorted = seconds.stream().sorted().toList();
    return sorted.isEmpty()
        ? "-"
        : String.format(
            Locale.ROOT,
            "%.1f, at most %.1f",
            sorted.get(sorted.size() / 2),
            sorted.get(sorted.size() - 1));
  }

  private static void line(StringBuilder table, String line) {
    System.out.println(line);
    table.append(line).append('\n');
  }
}
