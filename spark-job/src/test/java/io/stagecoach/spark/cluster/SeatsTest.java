package io.stagecoach.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.StagePin;
import java.util.List;
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

  private static SeatPins pins(int stages, int replicas, String... pins) {
    return new SeatPins(
        Stream.of(pins)
            .map(
                pin ->
                    new StagePin(
                        Integer.parseInt(pin.substring(0, 1)), new StagePin.Host(pin.substring(2))))
            .toList(),
        stages,
        replicas);
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
    assertThat(pins.unmet(2, List.of("b", "a"))).isEmpty();
    assertThat(pins.unmet(1, List.of("a")))
        .hasValue("On 1 executor the stages of the pins \"3:b\" and \"0:a\" would be together");
  }

  @Test
  void whatIsMissingIsSaid() {
    assertThat(pins(2, 2, "1:b").unmet(4, List.of("a", "b", "a", "c")))
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
