package io.stagecoach.spark.cluster;

import io.stagecoach.engine.profile.DeviceTimes;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;

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
    return of(pins, places, devices, Comparator.comparingLong(DeviceTimes::total));
  }

  private static List<DeviceTimes> of(
      SeatPins pins, int places, List<DeviceTimes> devices, Comparator<DeviceTimes> preference) {
    pins.ask();
    boolean enough =
        devices.size() >= places
            && pins.unmet(places, devices.stream().map(FirstSeats::home).toList()).isEmpty();
    return enough
        ? Seats.free()
            .seat(devices.stream().sorted(preference).toList(), FirstSeats::home, places, pins)
        : List.of();
  }

  private static Home home(DeviceTimes device) {
    return new Home(device.executor(), device.host());
  }

  /**
   * The same, but those that may hold most.
   *
   * @param devices as {@link #of} takes them
   */
  public static List<DeviceTimes> roomiest(SeatPins pins, int places, List<DeviceTimes> devices) {
    return of(
        pins,
        places,
        devices,
        Comparator.comparingLong((DeviceTimes device) -> limit(pins, device))
            .reversed()
            .thenComparingLong(DeviceTimes::total));
  }

  /** What an executor may hold, in bytes. */
  public static long limit(SeatPins pins, DeviceTimes device) {
    return pins.limit(home(device));
  }

  /**
   * Whether all of these, each in some place, can have the places.
   *
   * @param pins with what places need
   */
  public static boolean fit(SeatPins pins, int places, List<DeviceTimes> devices) {
    pins.ask();
    return pins.unmet(places, devices.stream().map(FirstSeats::home).toList()).isEmpty();
  }

  /**
   * All executors that there are, as if they were equally fast.
   *
   * @param wanted how many are waited for
   */
  public static List<DeviceTimes> notCompared(
      JavaSparkContext spark, int wanted, Duration deadline) {
    EveryExecutor.await(spark, wanted, deadline);
    return Home.all(spark.sc()).stream()
        .map(home -> new DeviceTimes(home.executor(), home.host(), 1, 1))
        .toList();
  }

  /** On how many hosts executors are. */
  public static int hosts(SparkContext spark) {
    return (int) Home.all(spark).stream().map(Home::host).distinct().count();
  }

  /** Whether pins let an executor have one of the places. */
  public static boolean isAllowed(SeatPins pins, int places, int place, DeviceTimes device) {
    return pins.allow(place, places, home(device));
  }
}
