package io.stagecoach.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.engine.profile.DeviceTimes;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.DeviceKind;
import io.stagecoach.plan.DeviceMemory;
import io.stagecoach.plan.StagePin;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.assertj.core.data.Index;
import org.junit.jupiter.api.Test;

/** Who sits where. */
class SeatsTest {

  private static List<String> seat(Seats seats, int count, String... there) {
    return seats.seat(List.of(there), id -> new Home(id, "host"), count, SeatPins.NONE);
  }

  /** Executors whose host is the letter of their name. */
  private static List<String> seat(Seats seats, SeatPins pins, int count, String... there) {
    return seats.seat(List.of(there), id -> new Home(id, id.substring(0, 1)), count, pins);
  }

  /** Of executors whose name has a g it is known that they have a GPU, of those with a c a CPU. */
  private static SeatPins pins(int stages, int replicas, String... pins) {
    return pins(SeatMemory.ANY, stages, replicas, pins);
  }

  private static SeatPins pins(SeatMemory memory, int stages, int replicas, String... pins) {
    return new SeatPins(
        Stream.of(pins)
            .map(pin -> new StagePin(Integer.parseInt(pin.substring(0, 1)), target(pin)))
            .toList(),
        stages,
        replicas,
        executor ->
            executor.contains("g")
                ? Set.of(DeviceKind.GPU)
                : executor.contains("c") ? Set.of(DeviceKind.CPU) : Set.of(DeviceKind.values()),
        memory);
  }

  private static StagePin.Target target(String pin) {
    return switch (pin.substring(2)) {
      case "gpu" -> new StagePin.Kind(DeviceKind.GPU);
      case "cpu" -> new StagePin.Kind(DeviceKind.CPU);
      default -> new StagePin.Host(pin.substring(2));
    };
  }

  @Test
  void whatAPinDependsOnIsKnownOrNot() {
    List<Home> known = List.of(new Home("a-g", "a"), new Home("b-c", "b"));
    List<Home> unknown = List.of(new Home("a-g", "a"), new Home("b", "b"));
    assertThat(pins(2, 1, "0:gpu").areKnown(known)).isTrue();
    assertThat(pins(2, 1, "0:gpu").areKnown(unknown)).isFalse();
    assertThat(pins(2, 1, "0:a").areKnown(unknown)).as("hosts are").isTrue();
    assertThat(SeatPins.NONE.areKnown(unknown)).isTrue();
  }

  /** Named like hosts and devices; each takes so long. */
  private static List<String> first(SeatPins pins, int places, Map<String, Long> devices) {
    return FirstSeats.of(
            pins,
            places,
            devices.entrySet().stream()
                .map(
                    device ->
                        new DeviceTimes(
                            device.getKey(),
                            device.getKey().substring(0, 1),
                            device.getValue(),
                            2 * device.getValue()))
                .toList())
        .stream()
        .map(DeviceTimes::executor)
        .toList();
  }

  @Test
  void ofExecutorsThatWereComparedTheFastestAreSeatedThatPinsAllow() {
    Map<String, Long> devices = Map.of("a-c", 30L, "b-c", 10L, "b-g", 1L, "c-c", 20L);
    assertThat(first(SeatPins.NONE, 3, devices)).containsExactly("b-g", "b-c", "c-c");
    assertThat(first(pins(3, 1, "0:a", "2:gpu"), 3, devices)).containsExactly("a-c", "b-c", "b-g");
    assertThat(first(pins(2, 1, "0:gpu", "1:b"), 2, devices)).containsExactly("b-g", "b-c");
    assertThat(first(pins(2, 1, "1:d"), 2, devices)).as("none is there").isEmpty();
    assertThat(first(SeatPins.NONE, 5, devices)).as("too few").isEmpty();
  }

  private static List<Home> homes(String... hosts) {
    return Stream.of(hosts).map(host -> new Home(host + "1", host)).toList();
  }

  @Test
  void placesAreForExecutorsOfTheirKindOfDevice() {
    assertThat(seat(Seats.free(), pins(2, 1, "0:gpu"), 2, "a-c", "a-g"))
        .containsExactly("a-g", "a-c");
    assertThat(seat(Seats.free(), pins(2, 1, "1:cpu"), 3, "a-g", "b-g", "b-c"))
        .startsWith("a-g", "b-c");
    assertThat(seat(Seats.free(), pins(2, 2, "1:gpu"), 4, "a-g", "b-g", "a-c", "b-c"))
        .as("in every replica")
        .containsExactly("a-c", "a-g", "b-c", "b-g");
    assertThat(seat(new Seats(List.of("a-c", "a-g")), pins(2, 1, "0:gpu"), 2, "a-c", "a-g"))
        .as("a seat where the pin does not let it be is none")
        .containsExactly("a-g", "a-c");
    assertThat(seat(Seats.free(), pins(2, 1, "1:gpu"), 2, "a1", "b1"))
        .as("of which nobody knows what they are")
        .containsExactlyInAnyOrder("a1", "b1");
  }

  /** The only one with a GPU that may be on host b must not be given to whoever takes any. */
  @Test
  void whoSitsMovesOnWhereOnlyAnotherCanBe() {
    SeatPins pins = pins(3, 1, "0:gpu", "1:b");
    assertThat(seat(Seats.free(), pins, 3, "b-g", "a-c", "a-g"))
        .containsExactly("a-g", "b-g", "a-c");
    assertThat(seat(Seats.free(), pins, 3, "b-g", "b-c", "a-c"))
        .containsExactly("b-g", "b-c", "a-c");
    List<Home> without =
        Stream.of("b-g", "a-c").map(id -> new Home(id, id.substring(0, 1))).toList();
    assertThat(pins.unmet(3, without))
        .hasValue(
            "No way to share out the executors keeps all of the pins \"0:gpu,1:b\"; executors are"
                + " b-g on b (gpu), a-c on a (cpu)");
  }

  @Test
  void whatKindOfDeviceIsMissingIsSaid() {
    SeatPins pins = pins(2, 2, "1:gpu");
    List<Home> there =
        Stream.of("a-g", "b-c", "b-x").map(id -> new Home(id, id.substring(0, 1))).toList();
    assertThat(pins.unmet(4, there)).as("one may yet turn out to have one").isEmpty();
    assertThat(pins.unmet(4, there.subList(0, 2)))
        .hasValue(
            "The pins \"1:gpu\" take 2 executors that compute on a GPU, and there is 1; executors"
                + " are a-g on a (gpu), b-c on b (cpu)");
    assertThatThrownBy(() -> seat(Seats.free(), pins(2, 1, "1:gpu"), 2, "a-c", "b-c"))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CLUSTER))
        .hasMessageContaining("take 1 executor that compute on a GPU, and there are 0");
  }

  @Test
  void onFewerExecutorsStagesOfDifferentKindsAreNotTogether() {
    SeatPins pins = pins(4, 1, "0:gpu", "3:cpu", "1:gpu");
    assertThat(seat(Seats.free(), pins, 2, "a-c", "b-g")).containsExactly("b-g", "a-c");
    assertThat(pins.unmet(1, homes("a")))
        .hasValue("On 1 executor the stages of the pins \"0:gpu\" and \"3:cpu\" would be together");
  }

  /** Executors on a may hold 10, such with a GPU 30, all others 20; places need so much. */
  private static SeatPins needing(List<Long> needed, int stages, int replicas, String... pins) {
    DeviceMemory limits =
        new DeviceMemory(
            20, Map.of(new StagePin.Host("a"), 10L, new StagePin.Kind(DeviceKind.GPU), 30L));
    return pins(new SeatMemory(limits, needed), stages, replicas, pins);
  }

  @Test
  void placesAreForExecutorsThatHoldWhatTheyNeed() {
    assertThat(seat(Seats.free(), needing(List.of(20L, 10L), 2, 1), 2, "a-c", "b-c"))
        .containsExactly("b-c", "a-c");
    assertThat(seat(Seats.free(), needing(List.of(10L, 20L, 30L), 3, 1), 3, "b-g", "b-c", "a-c"))
        .as("who was put where another one can be moves on")
        .containsExactly("a-c", "b-c", "b-g");
    assertThat(seat(Seats.free(), needing(List.of(20L, 10L), 2, 2), 4, "a1", "b-c", "a2", "c-c"))
        .as("in every replica")
        .containsExactly("b-c", "a1", "c-c", "a2");
    assertThat(
            seat(
                Seats.free(),
                needing(List.of(20L, 10L, 10L, 30L), 2, 2),
                4,
                "a1",
                "b-c",
                "b-g",
                "a2"))
        .as("where replicas do not need the same")
        .startsWith("b-c")
        .endsWith("b-g");
    assertThat(
            seat(Seats.free(), needing(List.of(20L, 10L), 2, 1, "1:gpu"), 2, "b-g", "b-c", "a-c"))
        .as("with a pin")
        .containsExactly("b-c", "b-g");
    assertThat(seat(Seats.free(), needing(List.of(20L, 10L, 10L, 20L), 4, 1), 2, "b-c", "c-c"))
        .as("each of several stages counts by itself")
        .containsExactly("b-c", "c-c");
    assertThat(
            seat(
                new Seats(List.of("a-c", "b-c")),
                needing(List.of(20L, 10L), 2, 1),
                2,
                "a-c",
                "b-c"))
        .as("a seat where it does not hold the stages is none")
        .containsExactly("b-c", "a-c");
  }

  @Test
  void thatNobodyHoldsWhatAPlaceNeedsIsSaid() {
    List<Home> there = List.of(new Home("a-g", "a"), new Home("b", "b"));
    assertThat(needing(List.of(2048L, 10L), 2, 1).unmet(2, there))
        .hasValue(
            "No way to share out the executors lets each hold what its stages need (2.0 KiB, 10 B);"
                + " executors are a-g on a (10 B), b on b (20 B)");
    assertThat(needing(List.of(20L, 20L), 2, 1, "0:b").unmet(2, there))
        .hasValue(
            "No way to share out the executors lets each hold what its stages need (20 B, 20 B), and"
                + " keeps the pins \"0:b\"; executors are a-g on a (10 B), b on b (20 B)");
    assertThat(needing(List.of(20L, 10L), 2, 1).unmet(2, there)).isEmpty();
    assertThat(needing(List.of(), 2, 1).isEmpty()).isTrue();
    assertThat(needing(List.of(1L, 1L), 2, 1).isEmpty()).isFalse();
    assertThat(needing(List.of(1L, 1L), 2, 1).areKnown(there)).as("b may have a GPU").isFalse();
  }

  @Test
  void pinnedPlacesAreForExecutorsOfTheirHost() {
    assertThat(seat(Seats.free(), pins(2, 1, "0:b"), 2, "a1", "b1")).containsExactly("b1", "a1");
    assertThat(seat(Seats.free(), pins(3, 1, "2:A"), 3, "a1", "a2", "b1"))
        .containsExactly("a2", "b1", "a1");
    assertThat(seat(Seats.free(), pins(2, 1, "1:c"), 2, "a1", "b1", "c1"))
        .as("one to spare")
        .containsExactly("a1", "c1");
    assertThat(seat(Seats.free(), pins(2, 2, "1:b"), 4, "a1", "b1", "a2", "b2"))
        .as("in every replica")
        .containsExactly("a1", "b1", "a2", "b2");
  }

  @Test
  void aPinnedPlaceIsTakenFromWhoeverCanSitElsewhere() {
    Seats seats = new Seats(List.of("a1", "a2", "b1"));
    SeatPins pins = pins(3, 1, "0:a");
    assertThat(seat(seats, pins, 3, "a2", "a3", "b1"))
        .as("whose seat it is not gives way last")
        .containsExactly("a3", "a2", "b1");
    assertThat(seat(seats, pins, 3, "a2", "b1", "b2"))
        .as("there is no other")
        .containsExactly("a2", "b2", "b1");
    assertThat(seat(seats, pins, 3, "a1", "a2", "b1")).containsExactly("a1", "a2", "b1");
    assertThat(seat(new Seats(List.of("b1", "a2", "a1")), pins, 3, "a1", "a2", "b1"))
        .as("a seat where the pin does not let it be is none")
        .contains("b1", Index.atIndex(2))
        .doesNotContain("b1", Index.atIndex(0));
  }

  @Test
  void onFewerExecutorsOneHasTheStagesOfSeveral() {
    SeatPins pins = pins(4, 1, "3:b", "0:a");
    assertThat(seat(Seats.free(), pins, 2, "b1", "a1")).containsExactly("a1", "b1");
    assertThat(pins.unmet(2, homes("b", "a"))).isEmpty();
    assertThat(pins.unmet(1, homes("a")))
        .hasValue("On 1 executor the stages of the pins \"3:b\" and \"0:a\" would be together");
  }

  @Test
  void whatIsMissingIsSaid() {
    assertThat(pins(2, 2, "1:b").unmet(4, homes("a", "b", "a", "c")))
        .hasValue(
            "The pins \"1:b\" take 2 executors on b, and there is 1; executors are on a, b, c");
    assertThatThrownBy(() -> seat(Seats.free(), pins(2, 1, "1:c"), 2, "a1", "b1"))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CLUSTER))
        .hasMessageContaining("The pins \"1:c\" take 1 executor on c, and there are 0");
  }

  @Test
  void whoeverIsThereKeepsItsPlace() {
    Seats seats = new Seats(List.of("2", "0", "1"));
    assertThat(seat(seats, 3, "0", "1", "2")).containsExactly("2", "0", "1");
    assertThat(seat(seats, 3, "1", "2", "3")).as("0 is lost").containsExactly("2", "3", "1");
    assertThat(seat(seats, 3, "3", "4", "5")).containsExactly("3", "4", "5");
    assertThat(seat(seats, 3, "0", "1", "2", "3"))
        .as("one to spare")
        .containsExactly("2", "0", "1");
  }

  @Test
  void withFewerPlacesTheRestIsSeatedWhereThereIsRoom() {
    Seats seats = new Seats(List.of("2", "0", "1"));
    assertThat(seat(seats, 2, "1", "2")).containsExactly("2", "1");
    assertThat(seat(seats, 1, "1")).containsExactly("1");
  }

  @Test
  void theFirstComeFirstWhereNobodyMinds() {
    assertThat(seat(Seats.free(), 2, "0", "1", "2")).containsExactly("0", "1");
  }

  @Test
  void seatsAreThoseOfTheStagesInOrder() {
    List<StageAddress> stages =
        List.of(
            StageAddress.of(0, "7", "a", 1),
            StageAddress.of(1, "3", "b", 1),
            StageAddress.of(2, "7", "a", 1),
            StageAddress.of(3, "3", "b", 1));
    assertThat(Seats.of(stages).executors()).containsExactly("7", "3");
    assertThat(Seats.of(stages).inOrder(List.of(1, 0)).executors()).containsExactly("3", "7");
  }
}
