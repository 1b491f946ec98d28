package io.stagecoach.spark.cluster;

import io.stagecoach.engine.profile.DeviceRoom;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.DeviceKind;
import io.stagecoach.spark.gpu.GpuClaims;
import io.stagecoach.spark.gpu.GpuSettings;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.bytedeco.javacpp.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the executors of an application compute on, and have room for. Where nobody asks for GPUs
 * they compute on the CPU, and where all must have one on the GPU; else, and for their room, each
 * is asked once, while nothing of ours runs on it.
 */
public final class AskedDevices implements DeviceFacts {

  private static final Logger LOG = LoggerFactory.getLogger(AskedDevices.class);

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Who waits for executors looks again and again; who did not answer is not asked as often. */
  private static final Duration BETWEEN = Duration.ofSeconds(2);

  private static final String UNDECIDED = "";

  private static final String BETWEEN_PARTS = " ";

  /** Pipelines come and go, and what was found out of an application's executors stays. */
  private static final Map<SparkContext, AskedDevices> OF_APPLICATIONS =
      Collections.synchronizedMap(new WeakHashMap<>());

  private final WeakReference<SparkContext> application;
  private final Set<DeviceKind> possible;

  /** By executor. Spark gives no id twice. */
  private final Map<String, Known> known = new ConcurrentHashMap<>();

  private long asked = System.nanoTime() - BETWEEN.toNanos();

  /**
   * What one has answered.
   *
   * @param kinds what it may compute on
   */
  private record Known(Set<DeviceKind> kinds, DeviceRoom room) {}

  private AskedDevices(SparkContext spark, Set<DeviceKind> possible) {
    this.application = new WeakReference<>(spark);
    this.possible = possible;
  }

  /** Those of an application. */
  public static AskedDevices of(SparkContext spark) {
    return OF_APPLICATIONS.computeIfAbsent(
        spark, any -> new AskedDevices(spark, possible(GpuSettings.of(spark.getConf()))));
  }

  /** What any executor can compute on, by the settings. */
  static Set<DeviceKind> possible(GpuSettings settings) {
    if (!settings.wanted()) {
      return EnumSet.of(DeviceKind.CPU);
    }
    return settings.cpuFallback() ? EnumSet.allOf(DeviceKind.class) : EnumSet.of(DeviceKind.GPU);
  }

  @Override
  public Set<DeviceKind> of(String executor) {
    Known answer = known.get(executor);
    return answer == null ? possible : answer.kinds();
  }

  @Override
  public OptionalLong room(String executor) {
    Known answer = known.get(executor);
    return answer == null ? OptionalLong.empty() : OptionalLong.of(answer.room().forStages());
  }

  /** The memory of the executors that there are, as far as they have answered. */
  public List<DeviceRoom> rooms() {
    askForRoom();
    SparkContext spark = application.get();
    return spark == null
        ? List.of()
        : Home.all(spark).stream()
            .map(home -> known.get(home.executor()))
            .filter(Objects::nonNull)
            .map(Known::room)
            .toList();
  }

  @Override
  public synchronized void ask() {
    if (possible.size() > 1) {
      askForRoom();
    }
  }

  /** Asks those that nobody has asked yet. Of who does not answer nothing is known. */
  @Override
  public synchronized void askForRoom() {
    SparkContext spark = application.get();
    boolean isOpen =
        spark != null
            && System.nanoTime() - asked >= BETWEEN.toNanos()
            && Home.all(spark).stream().anyMatch(home -> !known.containsKey(home.executor()));
    if (!isOpen) {
      return;
    }
    asked = System.nanoTime();
    try {
      for (EveryExecutor.Answer answer :
          EveryExecutor.ask(
              JavaSparkContext.fromSparkContext(spark),
              "Stagecoach: what executors compute on",
              AskedDevices::here,
              PATIENCE)) {
        known.put(Home.id(answer.place()), known(Home.of(answer.place()), answer.text()));
      }
    } catch (StagecoachException e) {
      LOG.info("Not all executors said what they compute on: {}", e.what());
    }
  }

  private Known known(Home home, String text) {
    String[] parts = text.split(BETWEEN_PARTS, -1);
    return new Known(
        parts[0].equals(UNDECIDED) ? possible : EnumSet.of(DeviceKind.valueOf(parts[0])),
        new DeviceRoom(
            home.executor(),
            home.host(),
            Long.parseLong(parts[1]),
            Long.parseLong(parts[2]),
            Long.parseLong(parts[3])));
  }

  private static String here() {
    return String.join(
        BETWEEN_PARTS,
        kind(),
        String.valueOf(Runtime.getRuntime().maxMemory()),
        String.valueOf(Pointer.maxBytes()),
        String.valueOf(GpuClaims.totalMemory().orElse(0)));
  }

  private static String kind() {
    try {
      return (GpuClaims.here().isGpu() ? DeviceKind.GPU : DeviceKind.CPU).name();
    } catch (StagecoachException whoBuildsStagesSaysIt) {
      return UNDECIDED;
    }
  }
}
