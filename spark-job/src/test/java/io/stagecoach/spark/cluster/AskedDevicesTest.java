package io.stagecoach.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.plan.DeviceKind;
import io.stagecoach.spark.gpu.GpuSettings;
import java.util.Set;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

/** What is known of executors' devices before anybody is asked. */
class AskedDevicesTest {

  private static Set<DeviceKind> possible(String... settings) {
    SparkConf conf = new SparkConf(false);
    for (int i = 0; i < settings.length; i += 2) {
      conf.set(settings[i], settings[i + 1]);
    }
    return AskedDevices.possible(GpuSettings.of(conf));
  }

  @Test
  void settingsTellUnlessExecutorsMayDiffer() {
    String amount = "spark.executor.resource.gpu.amount";
    String fallback = "spark.stagecoach.gpu.cpuFallback";
    assertThat(possible()).containsExactly(DeviceKind.CPU);
    assertThat(possible(amount, "1")).containsExactly(DeviceKind.GPU);
    assertThat(possible("spark.stagecoach.gpu.find", "find.sh")).containsExactly(DeviceKind.GPU);
    assertThat(possible(amount, "1", fallback, "true")).containsExactly(DeviceKind.values());
    assertThat(possible("spark.stagecoach.gpu.find", "find.sh", fallback, "true"))
        .containsExactly(DeviceKind.values());
  }
}
