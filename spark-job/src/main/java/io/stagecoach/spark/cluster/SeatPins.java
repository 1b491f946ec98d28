package io.stagecoach.spark.cluster;

import io.stagecoach.plan.DeviceKind;
import io.stagecoach.plan.Quantity;
import io.stagecoach.plan.StagePin;
import io.stagecoach.schedule.FewerExecutors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collector;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Which places in a pipeline are for executors of certain hosts, or that compute on certain
 * devices, because somebody wants it so, or that may hold what their stages need.
 */
public final class SeatPins {

  /** Any executor may have any place. */
  public static final SeatPins NONE =
      new SeatPins(List.of(), 1, 1, DeviceFacts.UNKNOWN, SeatMemory.ANY);

  /** What can be done where executors are not as pins want them. */
  static final String REMEDY =
      "Look why the cluster gives no such executor, or correct spark.stagecoach.pin.stages (hosts are"
          + " named as Spark names them) or spark.stagecoach.memory.limit. The wait is"
          + " spark.stagecoach.deadline.launch.";

  private final List<StagePin> pins;
  private final int stages;
  private final int replicas;
  private final DeviceFacts devices;
  private final SeatMemory memory;

  /**
   * @param pins at most one for each stage; they hold for that stage of every replica
   * @param stages how many executors a replica was planned for
   * @param replicas how many of these there are
   * @param devices what executors compute on; one of whom that is not known may be wherever its
   *     host may be
   * @param memory what executors may hold
   */
  public SeatPins(
      List<StagePin> pins, int stages, int replicas, DeviceFacts devices, SeatMemory memory) {
    this.pins = List.copyOf(pins);
    this.stages = stages;
    this.replicas = replicas;
    this.devices = devices;
    this.memory = memory;
  }

  /**
   * The same, for a pipeline whose places need so much.
   *
   * @param bytes by place; where replicas need the same, of one replica; empty where they may need
   *     anything
   */
  public SeatPins needing(List<Long> bytes) {
    return new SeatPins(pins, stages, replicas, devices, memory.needing(bytes));
  }

  /** Whether any executor may have any place. */
  public boolean isEmpty() {
    return pins.isEmpty() && !memory.decides();
  }

  private boolean dependOnKinds() {
    return memory.dependsOnKinds()
        || pins.stream().anyMatch(pin -> pin.target() instanceof StagePin.Kind);
  }

  /** Whether it is known of all these what any pin depends on. */
  boolean areKnown(List<Home> there) {
    return there.stream()
        .allMatch(
            home ->
                (!dependOnKinds() || devices.of(home.executor()).size() == 1)
                    && (!memory.dependsOnRoom() || devices.room(home.executor()).isPresent()));
  }

  /** Finds out what executors compute on, where a pin depends on it and nothing of ours runs. */
  void ask() {
    if (memory.dependsOnRoom()) {
      devices.askForRoom();
    } else if (dependOnKinds()) {
      devices.ask();
    }
  }

  /**
   * Whether an executor may have a place.
   *
   * @param executors how many executors the pipeline is placed on: where they are fewer than it was
   *     planned for, one has the stages of several, and must be where all these are wanted
   */
  boolean allow(int place, int executors, Home home) {
    return pins.stream()
            .filter(pin -> places(pin, executors).contains(place))
            .allMatch(pin -> isThere(pin.target(), home))
        && (!memory.decides() || needed(place, executors) <= limit(home));
  }

  /** What an executor may hold, in bytes. */
  long limit(Home home) {
    return memory
        .limits()
        .of(home.host(), devices.of(home.executor()), devices.room(home.executor()));
  }

  /** What the executor of a stage may hold, in bytes. */
  public long limit(StageAddress stage) {
    return limit(new Home(stage.executor(), stage.host()));
  }

  /** What a place needs; where it has the stages of several, each counts by itself. */
  private long needed(int place, int executors) {
    int planned = replicas * stages;
    return IntStream.range(0, planned)
        .filter(each -> FewerExecutors.hostOf(each, planned, executors) == place)
        .mapToLong(memory::of)
        .max()
        .orElse(0);
  }

  /** Whether the executor of a stage may have a place. */
  public boolean allow(int place, int executors, StageAddress stage) {
    return allow(place, executors, new Home(stage.executor(), stage.host()));
  }

  /** Whether any pin is for a place. */
  boolean concern(int place, int executors) {
    return memory.decides()
        || pins.stream().anyMatch(pin -> places(pin, executors).contains(place));
  }

  private boolean isThere(StagePin.Target target, Home home) {
    if (target instanceof StagePin.Host wanted) {
      return wanted.name().equalsIgnoreCase(home.host());
    } else if (target instanceof StagePin.Kind wanted) {
      return devices.of(home.executor()).contains(wanted.device());
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
   * @param there each one that there is
   * @return a sentence without its end; empty where they can
   */
  Optional<String> unmet(int executors, List<Home> there) {
    Map<Integer, StagePin> hosts = new TreeMap<>();
    Map<Integer, StagePin> kinds = new TreeMap<>();
    Map<StagePin.Target, Set<Integer>> placesOf = new LinkedHashMap<>();
    for (StagePin pin : pins) {
      for (int place : places(pin, executors)) {
        StagePin other =
            (pin.target() instanceof StagePin.Host ? hosts : kinds).putIfAbsent(place, pin);
        if (other != null && !isSame(other, pin)) {
          return Optional.of(
              "On "
                  + count(executors)
                  + " the stages of the pins \""
                  + other.words()
                  + "\" and \""
                  + pin.words()
                  + "\" would be together");
        }
        placesOf.computeIfAbsent(plain(pin.target()), any -> new TreeSet<>()).add(place);
      }
    }
    for (Map.Entry<StagePin.Target, Set<Integer>> wanted : placesOf.entrySet()) {
      long fit = there.stream().filter(home -> isThere(wanted.getKey(), home)).count();
      if (fit < wanted.getValue().size()) {
        return Optional.of(words(wanted.getKey(), wanted.getValue().size(), fit, there));
      }
    }
    Set<Integer> pinned = new TreeSet<>(hosts.keySet());
    pinned.addAll(kinds.keySet());
    if (memory.decides()) {
      IntStream.range(0, executors).forEach(pinned::add);
    }
    Map<Integer, Home> seated = new TreeMap<>();
    Seating.complete(pinned, there, (place, home) -> allow(place, executors, home), seated);
    if (seated.keySet().containsAll(pinned)) {
      return Optional.empty();
    }
    return memory.decides()
        ? Optional.of(
            "No way to share out the executors lets each hold what its stages need ("
                + memory.words()
                + (pins.isEmpty() ? "" : "), and keeps the pins \"" + words())
                + (pins.isEmpty() ? ")" : "\"")
                + "; executors are "
                + there.stream()
                    .map(home -> home.words() + " (" + Quantity.bytes(limit(home)) + ")")
                    .collect(joined()))
        : Optional.of(
            "No way to share out the executors keeps all of the pins \""
                + words()
                + "\"; executors are "
                + there.stream().map(home -> home.words() + device(home)).collect(joined()));
  }

  private String words() {
    return pins.stream().map(StagePin::words).collect(Collectors.joining(","));
  }

  private static boolean isSame(StagePin one, StagePin other) {
    return plain(one.target()).equals(plain(other.target()));
  }

  /** Letters' case does not count in the names of hosts. */
  private static StagePin.Target plain(StagePin.Target target) {
    return target instanceof StagePin.Host host ? StagePin.Host.inLowerCase(host.name()) : target;
  }

  private static String count(int executors) {
    return executors + (executors == 1 ? " executor" : " executors");
  }

  private String words(StagePin.Target target, int wanted, long fit, List<Home> there) {
    List<String> pinned = new ArrayList<>();
    for (StagePin pin : pins) {
      if (plain(pin.target()).equals(target)) {
        pinned.add(pin.words());
      }
    }
    return "The pins \""
        + String.join(",", pinned)
        + "\" take "
        + count(wanted)
        + " "
        + target.phrase()
        + ", and there "
        + (fit == 1 ? "is 1" : "are " + fit)
        + "; executors are "
        + (target instanceof StagePin.Host
            ? "on " + there.stream().map(Home::host).distinct().sorted().collect(joined())
            : there.stream().map(home -> home.words() + device(home)).collect(joined()));
  }

  private static Collector<CharSequence, ?, String> joined() {
    return Collectors.joining(", ");
  }

  private String device(Home home) {
    Set<DeviceKind> may = devices.of(home.executor());
    return may.size() == 1 ? " (" + may.iterator().next().word() + ")" : " (not known)";
  }
}
