package io.stagecoach.spark.cluster;

import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.DeviceKind;
import io.stagecoach.spark.gpu.GpuClaims;
import io.stagecoach.spark.gpu.GpuSettings;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the executors of an application compute on. Where nobody asks for GPUs that is the CPU, and
 * where all must have one the GPU; else each is asked once, while nothing of ours runs on it.
 */
public final class AskedKinds implements DeviceKinds {

  private static final Logger LOG = LoggerFactory.getLogger(AskedKinds.class);

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Who waits for executors looks again and again; who did not answer is not asked as often. */
  private static final Duration BETWEEN = Duration.ofSeconds(2);

  private static final String UNDECIDED = "";

  /** Pipelines come and go, and what was found out of an application's executors stays. */
  private static final Map<SparkContext, AskedKinds> OF_APPLICATIONS =
      Collections.synchronizedMap(new WeakHashMap<>());

  private final WeakReference<SparkContext> application;
  private final Set<DeviceKind> possible;

  /** By executor. Spark gives no id twice. */
  private final Map<String, DeviceKind> known = new ConcurrentHashMap<>();

  private long asked = System.nanoTime() - BETWEEN.toNanos();

  private AskedKinds(SparkContext spark, Set<DeviceKind> possible) {
    this.application = new WeakReference<>(spark);
    this.possible = possible;
  }

  /** Those of an application. */
  public static AskedKinds of(SparkContext spark) {
    return OF_APPLICATIONS.computeIfAbsent(
        spark, any -> new AskedKinds(spark, possible(GpuSettings.of(spark.getConf()))));
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
    DeviceKind kind = known.get(executor);
    return kind == null ? possible : EnumSet.of(kind);
  }

  /** Asks those that nobody has asked yet. Who does not answer is not known. */
  @Override
  public synchronized void ask() {
    SparkContext spark = application.get();
    boolean isOpen =
        possible.size() > 1
            && spark != null
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
              AskedKinds::here,
              PATIENCE)) {
        if (!answer.text().equals(UNDECIDED)) {
          known.put(Home.id(answer.place()), DeviceKind.valueOf(answer.text()));
        }
      }
    } catch (StagecoachException e) {
      LOG.info("Not all executors said what they compute on: {}", e.what());
    }
  }

  private static String here() {
    try {
      return (GpuClaims.here().isGpu() ? DeviceKind.GPU : DeviceKind.CPU).name();
    } catch (StagecoachException whoBuildsStagesSaysIt) {
      return UNDECIDED;
    }
  }
}
