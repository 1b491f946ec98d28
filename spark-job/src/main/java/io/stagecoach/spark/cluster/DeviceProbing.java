package io.stagecoach.spark.cluster;

import io.stagecoach.batch.Slice;
import io.stagecoach.engine.profile.DeviceTimes;
import io.stagecoach.engine.profile.PassTimes;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.gpu.GpuRule;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has all executors measure the same layers at the same time, as they will compute: which of them
 * are slower, and by how much.
 */
public final class DeviceProbing {

  private static final Logger LOG = LoggerFactory.getLogger(DeviceProbing.class);

  /** What an answer has between forward and backward. */
  private static final String BETWEEN = " ";

  private DeviceProbing() {}

  /**
   * Measures.
   *
   * @param pipeline the pipeline whose model it is
   * @param layers how many layers the model has
   * @param slice the examples of a micro-batch
   * @param warmUp how long Java has before for compiling what they run
   * @param measured about how long it is measured then
   * @return what it took on every executor that there is; empty where there is one only, or not all
   *     could be asked: a run may begin as if they were alike
   */
  public static List<DeviceTimes> measure(
      PipelineSpec pipeline, int layers, Slice slice, Duration warmUp, Duration measured) {
    if (pipeline.executors() == 1) {
      return List.of();
    }
    LayerProfiling task = new LayerProfiling(pipeline, layers, List.of(slice), measured);
    try {
      List<DeviceTimes> devices =
          EveryExecutor.ask(
                  pipeline.spark(),
                  GpuRule.of(pipeline.spark().sc()),
                  "Stagecoach: comparing the executors",
                  () -> passes(task.averageHere(slice, warmUp)),
                  pipeline.deadlines().launch())
              .stream()
              .map(DeviceProbing::times)
              .toList();
      LOG.info("the layers take, executor by executor, {} ms", text(devices));
      return devices;
    } catch (StagecoachException e) {
      LOG.warn("The executors were not compared: {}", e.getMessage());
      return List.of();
    }
  }

  private static String passes(PassTimes all) {
    return Math.max(1, all.forward()) + BETWEEN + Math.max(1, all.backward());
  }

  private static DeviceTimes times(EveryExecutor.Answer answer) {
    Home home = Home.of(answer.place());
    String[] passes = answer.text().split(BETWEEN, -1);
    return new DeviceTimes(
        home.executor(), home.host(), Long.parseLong(passes[0]), Long.parseLong(passes[1]));
  }

  private static String text(List<DeviceTimes> devices) {
    return devices.stream()
        .map(device -> String.format(Locale.ROOT, "%.2f", device.total() / 1e6))
        .collect(Collectors.joining(", "));
  }
}
