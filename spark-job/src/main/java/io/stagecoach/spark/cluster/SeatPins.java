package io.stagecoach.spark.cluster;

import io.stagecoach.plan.StagePin;
import io.stagecoach.schedule.FewerExecutors;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Which places in a pipeline are for executors of certain hosts, because somebody wants it so. */
public final class SeatPins {

  /** Any executor may have any place. */
  public static final SeatPins NONE = new SeatPins(List.of(), 1, 1);

  /** What can be done where executors are not as pins want them. */
  static final String REMEDY =
      "Look why the cluster gives no executor there, or correct spark.stagecoach.pin.stages: hosts"
          + " are named as Spark names them. The wait is spark.stagecoach.deadline.launch.";

  private final List<StagePin> pins;
  private final int stages;
  private final int replicas;

  /**
   * @param pins at most one for each stage; they hold for that stage of every replica
   * @param stages how many executors a replica was planned for
   * @param replicas how many of these there are
   */
  public SeatPins(List<StagePin> pins, int stages, int replicas) {
    this.pins = List.copyOf(pins);
    this.stages = stages;
    this.replicas = replicas;
  }

  /** Whether there are none. */
  public boolean isEmpty() {
    return pins.isEmpty();
  }

  /**
   * Whether an executor may have a place.
   *
   * @param executors how many executors the pipeline is placed on: where they are fewer than it was
   *     planned for, one has the stages of several, and must be where all these are wanted
   */
  public boolean allow(int place, int executors, String host) {
    return pins.stream()
        .filter(pin -> places(pin, executors).contains(place))
        .allMatch(pin -> isThere(pin, host));
  }

  /** Whether any pin is for a place. */
  boolean concern(int place, int executors) {
    return pins.stream().anyMatch(pin -> places(pin, executors).contains(place));
  }

  private static boolean isThere(StagePin pin, String host) {
    StagePin.Target target = pin.target();
    if (target instanceof StagePin.Host wanted) {
      return wanted.name().equalsIgnoreCase(host);
    }
    throw new IllegalStateException("nobody knows whether an executor is on " + target.words());
  }

  private Set<Integer> places(StagePin pin, int executors) {
    Set<Integer> places = new TreeSet<>();
    if (pin.stage() < stages) {
      for (int replica = 0; replica < replicas; replica++) {
        places.add(
            FewerExecutors.hostOf(replica * stages + pin.stage(), replicas * stages, executors));
      }
    }
    return places;
  }

  /**
   * Why some executors cannot take the places of a pipeline.
   *
   * @param executors how many of them are to have one
   * @param hosts the host of each one that there is
   * @return a sentence without its end; empty where they can
   */
  public Optional<String> unmet(int executors, List<String> hosts) {
    Map<String, Set<Integer>> placesOf = new TreeMap<>();
    Map<Integer, StagePin> taken = new TreeMap<>();
    for (StagePin pin : pins) {
      for (int place : places(pin, executors)) {
        StagePin other = taken.putIfAbsent(place, pin);
        if (other != null && !other.target().words().equalsIgnoreCase(pin.target().words())) {
          return Optional.of(
              "On "
                  + executors
                  + (executors == 1 ? " executor" : " executors")
                  + " the stages of the pins \""
                  + other.words()
                  + "\" and \""
                  + pin.words()
                  + "\" would be together");
        }
        placesOf
            .computeIfAbsent(pin.target().words().toLowerCase(Locale.ROOT), any -> new TreeSet<>())
            .add(place);
      }
    }
    for (Map.Entry<String, Set<Integer>> wanted : placesOf.entrySet()) {
      long there = hosts.stream().filter(host -> host.equalsIgnoreCase(wanted.getKey())).count();
      if (there < wanted.getValue().size()) {
        return Optional.of(words(wanted.getKey(), wanted.getValue().size(), there, hosts));
      }
    }
    return Optional.empty();
  }

  private String words(String host, int wanted, long there, List<String> hosts) {
    List<String> pinned = new ArrayList<>();
    for (StagePin pin : pins) {
      if (pin.target().words().equalsIgnoreCase(host)) {
        pinned.add(pin.words());
      }
    }
    return "The pins \""
        + String.join(",", pinned)
        + "\" take "
        + wanted
        + (wanted == 1 ? " executor" : " executors")
        + " on "
        + host
        + ", and there "
        + (there == 1 ? "is 1" : "are " + there)
        + "; executors are on "
        + hosts.stream().distinct().sorted().collect(Collectors.joining(", "));
  }
}
