package io.stagecoach.spark.cluster;

import io.stagecoach.engine.profile.DeviceTimes;
import java.util.Comparator;
import java.util.List;

/** Which of the executors that were compared are to have a pipeline's places. */
public final class FirstSeats {

  private FirstSeats() {}

  /**
   * As many of them as there are places, the fastest that pins allow.
   *
   * @param places how many there are
   * @return by place; empty where pins do not allow any choice of these
   */
  public static List<DeviceTimes> of(SeatPins pins, int places, List<DeviceTimes> devices) {
    pins.ask();
    boolean enough =
        devices.size() >= places
            && pins.unmet(places, devices.stream().map(FirstSeats::home).toList()).isEmpty();
    return enough
        ? Seats.free()
            .seat(
                devices.stream().sorted(Comparator.comparingLong(DeviceTimes::total)).toList(),
                FirstSeats::home,
                places,
                pins)
        : List.of();
  }

  private static Home home(DeviceTimes device) {
    return new Home(device.executor(), device.host());
  }

  /** Whether pins let an executor have one of the places. */
  public static boolean isAllowed(SeatPins pins, int places, int place, DeviceTimes device) {
    return pins.allow(place, places, home(device));
  }
}
