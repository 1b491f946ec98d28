package io.stagecoach.spark.cluster;

import io.stagecoach.engine.profile.DeviceTimes;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Which of the executors that were compared are to have a pipeline's places. */
public final class FirstSeats {

  private FirstSeats() {}

  /**
   * As many of them as there are places, the fastest that pins allow.
   *
   * @return by place; empty where pins do not allow any choice of these
   */
  public static List<DeviceTimes> of(PipelineSpec spec, List<DeviceTimes> devices) {
    spec.pins().ask();
    List<DeviceTimes> fastestFirst =
        devices.stream().sorted(Comparator.comparingLong(DeviceTimes::total)).toList();
    List<Integer> places = IntStream.range(0, spec.executors()).boxed().toList();
    Map<Integer, DeviceTimes> seated = new TreeMap<>();
    Seating.complete(
        places, fastestFirst, (place, device) -> isAllowed(spec, place, device), seated);
    return seated.size() == places.size() ? List.copyOf(seated.values()) : List.of();
  }

  /** Whether pins let an executor have a place. */
  public static boolean isAllowed(PipelineSpec spec, int place, DeviceTimes device) {
    return spec.pins().allow(place, spec.executors(), new Home(device.executor(), device.host()));
  }
}
