package io.stagecoach.spark.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

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
   * the order in which they are given.
   *
   * @param there those that there are, at least {@code count}
   * @param id Spark's id of one
   */
  <T> List<T> seat(List<T> there, Function<T, String> id, int count) {
    List<T> waiting = new ArrayList<>(there);
    List<T> seated = new ArrayList<>();
    for (int place = 0; place < count; place++) {
      T owner = null;
      if (place < executors.size()) {
        String wanted = executors.get(place);
        owner =
            waiting.stream().filter(one -> id.apply(one).equals(wanted)).findFirst().orElse(null);
        waiting.remove(owner);
      }
      seated.add(owner);
    }
    // An owner of a place beyond these is one of the rest.
    for (int place = 0; place < count; place++) {
      if (seated.get(place) == null) {
        seated.set(place, waiting.remove(0));
      }
    }
    return List.copyOf(seated);
  }
}
