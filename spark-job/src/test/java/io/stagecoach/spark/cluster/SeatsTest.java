package io.stagecoach.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Who sits where. */
class SeatsTest {

  private static List<String> seat(Seats seats, int count, String... there) {
    return seats.seat(List.of(there), Function.identity(), count);
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
