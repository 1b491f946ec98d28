package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A run to which things happen at random, but seeded, moments: each time it has got on again, the
 * next. Where its driver is killed the command is given again.
 */
final class DisturbedRun {

  private static final Pattern STEP = Pattern.compile("(?m)^step (\\d+)/");
  private static final Pattern AGAIN = Pattern.compile("is run again.*?([0-9.]+) s after");
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Workshop workshop;
  private final IntFunction<Map<String, String>> settings;
  private final List<Fault> faults;
  private final Random random;
  private final Map<Fault, Integer> struck = new EnumMap<>(Fault.class);
  private final List<Double> recoveries = new ArrayList<>();
  private final List<Double> afterKill = new ArrayList<>();
  private int starts;

  /**
   * @param settings of each start, from 0: of one run, which goes on
   * @param faults what is to happen, in order
   * @param seed of the moments, and of whom it hits
   */
  DisturbedRun(
      Workshop workshop, IntFunction<Map<String, String>> settings, List<Fault> faults, long seed) {
    this.workshop = workshop;
    this.settings = settings;
    this.faults = List.copyOf(faults);
    this.random = new Random(seed);
  }

  /** How often each thing has happened. */
  Map<Fault, Integer> struck() {
    return struck;
  }

  /** How long it took each time from when a failure was known until the step was told again. */
  List<Double> recoveries() {
    return recoveries;
  }

  /**
   * The seconds from when an executor was killed until the log told of another step; it does so
   * once a second.
   */
  List<Double> afterKill() {
    return afterKill;
  }

  /** How often the command was given. */
  int starts() {
    return starts;
  }

  /** Runs to the end of it all. */
  StagecoachProcess.Outcome run() {
    int next = 0;
    while (true) {
      try (StagecoachProcess run = workshop.start("train", settings.apply(starts))) {
        starts++;
        next = disturb(run, next);
        StagecoachProcess.Outcome outcome = run.await(Duration.ofMinutes(10));
        Matcher again = AGAIN.matcher(outcome.err());
        while (again.find()) {
          recoveries.add(Double.valueOf(again.group(1)));
        }
        boolean killed = next > 0 && wasKilled(outcome);
        if (killed) {
          workshop.tidyAfterKill(run);
        } else {
          workshop.assertTidy(run, outcome);
          assertThat(next)
              .as("faults that there was time for\n%s", outcome)
              .isEqualTo(faults.size());
          return outcome;
        }
      }
    }
  }

  /** A killed driver has no last word. */
  private static boolean wasKilled(StagecoachProcess.Outcome outcome) {
    return !outcome.out().contains("\nSTAGECOACH {") && !outcome.out().startsWith("STAGECOACH {");
  }

  /** Has things happen until the driver is killed or all have; how many have by then. */
  private int disturb(StagecoachProcess run, int first) {
    long killedAt = 0;
    for (int next = first; next < faults.size(); next++) {
      if (!awaitProgress(run)) {
        return next;
      }
      if (killedAt > 0) {
        afterKill.add((System.nanoTime() - killedAt) / 1e9);
        killedAt = 0;
      }
      Awaiting.sleep(random.nextInt(1500));
      Fault fault = faults.get(next);
      if (run.isOver()) {
        return next;
      }
      if (fault.strike(run, workshop.directory(), random)) {
        struck.merge(fault, 1, Integer::sum);
        killedAt = fault == Fault.KILL ? System.nanoTime() : 0;
      }
      if (fault == Fault.DRIVER) {
        return next + 1;
      }
    }
    return faults.size();
  }

  /** Waits until another step has ended; false if the run has, instead. */
  private static boolean awaitProgress(StagecoachProcess run) {
    long before = steps(run);
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (steps(run) == before) {
      if (run.isOver()) {
        return false;
      }
      if (System.nanoTime() > end) {
        throw new AssertionError("no step ended within " + PATIENCE + "\n" + run.errSoFar());
      }
      Awaiting.sleep(50);
    }
    return true;
  }

  private static long steps(StagecoachProcess run) {
    Matcher step = STEP.matcher(run.errSoFar());
    long last = -1;
    while (step.find()) {
      last = Long.parseLong(step.group(1));
    }
    return last;
  }

  /** What the report of the run says. */
  JsonNode report() throws IOException {
    Path out = Path.of(settings.apply(0).get("spark.stagecoach.output.path"));
    return new ObjectMapper().readTree(out.resolve("report.json").toFile());
  }
}
