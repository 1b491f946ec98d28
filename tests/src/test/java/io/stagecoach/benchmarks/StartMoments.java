package io.stagecoach.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What happened when between the command and the first step, in seconds since the command.
 *
 * @param driver the driver's process is there
 * @param context Spark's context begins, after the job's own checks of its settings
 * @param executors as many executors as there are stages have registered
 * @param data the examples are in the batch store, and the plan is made
 * @param placed all stages have their executor, and are ready for a step
 * @param step the first step has ended
 */
record StartMoments(
    double driver, double context, double executors, double data, double placed, double step) {

  /** Moments by their name. */
  Map<String, Double> named() {
    Map<String, Double> named = new LinkedHashMap<>();
    named.put("driver", driver);
    named.put("context", context);
    named.put("executors", executors);
    named.put("data", data);
    named.put("placed", placed);
    named.put("first step", step);
    return named;
  }

  /**
   * Reads what Spark has logged of an application.
   *
   * @param events the folder of its event log, and of no other's
   * @param began when the command was given
   * @param executors how many must have registered
   * @param seen moments that were seen from outside: driver, data, placed, step
   */
  static StartMoments of(Path events, Instant began, int executors, Seen seen) throws IOException {
    long started = 0;
    List<Long> added = new ArrayList<>();
    try (Stream<Path> files = Files.list(events)) {
      for (Path file : files.toList()) {
        for (String line : Files.readAllLines(file)) {
          if (line.contains("SparkListenerApplicationStart")) {
            started = millis(line);
          } else if (line.contains("SparkListenerExecutorAdded")) {
            added.add(millis(line));
          }
        }
      }
    }
    if (started == 0 || added.size() < executors) {
      throw new IllegalStateException(
          "the event log in " + events + " has no start, or too few executors: " + added);
    }
    Collections.sort(added);
    return new StartMoments(
        seconds(began, seen.driver()),
        seconds(began, Instant.ofEpochMilli(started)),
        seconds(began, Instant.ofEpochMilli(added.get(executors - 1))),
        seconds(began, seen.data()),
        seconds(began, seen.placed()),
        seconds(began, seen.step()));
  }

  /** What was seen from outside. */
  record Seen(Instant driver, Instant data, Instant placed, Instant step) {}

  private static long millis(String event) throws IOException {
    JsonNode json = new ObjectMapper().readTree(event);
    return json.get("Timestamp").asLong();
  }

  private static double seconds(Instant from, Instant to) {
    return Duration.between(from, to).toMillis() / 1e3;
  }

  /** The median of each moment. */
  static StartMoments median(List<StartMoments> all) {
    List<Double> medians =
        IntStream.range(0, all.get(0).named().size())
            .mapToObj(
                i ->
                    all.stream()
                        .map(one -> List.copyOf(one.named().values()).get(i))
                        .sorted()
                        .collect(Collectors.toList())
                        .get((all.size() - 1) / 2))
            .toList();
    return new StartMoments(
        medians.get(0),
        medians.get(1),
        medians.get(2),
        medians.get(3),
        medians.get(4),
        medians.get(5));
  }
}
