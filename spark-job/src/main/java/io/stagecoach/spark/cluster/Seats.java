package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Which executors are to have which places in a pipeline, as far as anybody minds. The stages of
 * the first place come first.
 *
 * @param executors Spark's ids, by place
 */
record Seats(List<String> executors) {

  private static final Seats FREE = new Seats(List.of());

  Seats {
    executors = List.copyOf(executors);
  }

  /** Nobody minds. */
  static Seats free() {
    return FREE;
  }

  /** As they are taken by stages at work. */
  static Seats of(List<StageAddress> stages) {
    return new Seats(stages.stream().map(StageAddress::executor).distinct().toList());
  }

  /**
   * The same executors in other places.
   *
   * @param order for each place, the place now of the executor that is to have it
   */
  Seats inOrder(List<Integer> order) {
    return new Seats(order.stream().map(executors::get).toList());
  }

  /** Launches a pipeline on executors in these places, as far as they are there. */
  Pipeline launch(PipelineSpec spec, UUID run) {
    return switch (spec.exchange()) {
      case STREAMING -> StreamingPipeline.launch(spec, this);
      case SHUFFLE -> ShufflePipeline.launch(spec, run, this);
    };
  }

  /**
   * Puts executors on places: whose seat it is on its own, the rest in the places that are left, in
   * the order in which they are given. Places that pins are for come first, so that nobody who
   * could sit elsewhere takes them.
   *
   * @param there those that there are, at least {@code count}, and as pins want them
   * @param home where one is
   */
  <T> List<T> seat(List<T> there, Function<T, Home> home, int count, SeatPins pins) {
    List<T> waiting = new ArrayList<>(there);
    List<T> seated = new ArrayList<>(Collections.nCopies(count, null));
    List<Integer> pinned =
        IntStream.range(0, count).filter(place -> pins.concern(place, count)).boxed().toList();
    List<Integer> others =
        IntStream.range(0, count).filter(place -> !pins.concern(place, count)).boxed().toList();
    BiPredicate<Integer, T> mayHave = (place, one) -> pins.allow(place, count, home.apply(one));
    BiPredicate<Integer, T> owns = (place, one) -> isOwner(place, home.apply(one).executor());
    take(pinned, owns.and(mayHave), waiting, seated);
    // Whose seat is elsewhere comes last.
    take(pinned, mayHave.and((place, one) -> !ownsAny(others, home.apply(one))), waiting, seated);
    take(pinned, mayHave, waiting, seated);
    complete(pinned, there, mayHave, waiting, seated);
    take(others, owns, waiting, seated);
    // An owner of a place beyond these is one of the rest.
    take(others, (place, one) -> true, waiting, seated);
    if (seated.contains(null)) {
      throw new StagecoachException(
          ErrorKind.CLUSTER,
          pins.unmet(count, there.stream().map(home).toList())
              .orElse("There are too few executors"),
          SeatPins.REMEDY);
    }
    return List.copyOf(seated);
  }

  /** Where whoever came first was put where only another one can be, they change places. */
  private static <T> void complete(
      List<Integer> places,
      List<T> there,
      BiPredicate<Integer, T> mayHave,
      List<T> waiting,
      List<T> seated) {
    Map<Integer, T> all = new TreeMap<>();
    for (int place : places) {
      if (seated.get(place) != null) {
        all.put(place, seated.get(place));
      }
    }
    if (all.size() < places.size()) {
      Seating.complete(places, there, mayHave, all);
      all.forEach(seated::set);
      waiting.removeAll(all.values());
    }
  }

  private boolean isOwner(int place, String executor) {
    return place < executors.size() && executors.get(place).equals(executor);
  }

  private boolean ownsAny(List<Integer> places, Home one) {
    return places.stream().anyMatch(place -> isOwner(place, one.executor()));
  }

  /** Gives every place that is free to the first of those who wait that suits it. */
  private static <T> void take(
      List<Integer> places, BiPredicate<Integer, T> suits, List<T> waiting, List<T> seated) {
    for (int place : places) {
      if (seated.get(place) == null) {
        waiting.stream()
            .filter(one -> suits.test(place, one))
            .findFirst()
            .ifPresent(
                one -> {
                  seated.set(place, one);
                  waiting.remove(one);
                });
      }
    }
  }
}
