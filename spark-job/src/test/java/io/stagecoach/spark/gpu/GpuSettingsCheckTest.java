package io.stagecoach.spark.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GpuSettingsCheckTest {

  private static SparkConf conf(String master, String... settings) {
    SparkConf conf = new SparkConf(false).setMaster(master);
    for (int i = 0; i < settings.length; i += 2) {
      conf.set(settings[i], settings[i + 1]);
    }
    return conf;
  }

  private static String refused(SparkConf conf) {
    StagecoachException e =
        assertThrows(StagecoachException.class, () -> GpuSettingsCheck.check(conf));
    assertThat(e.kind()).isEqualTo(ErrorKind.CLUSTER);
    assertThat(e.remedy()).isNotEmpty();
    return e.what();
  }

  @ParameterizedTest
  @ValueSource(strings = {"local", "local[2]", "spark://h:1", "yarn", "k8s://https://h:1"})
  void whereNobodyAsksForGpusNothingIsSaid(String master) {
    assertThatCode(() -> GpuSettingsCheck.check(conf(master))).doesNotThrowAnyException();
    assertThatCode(() -> GpuSettingsCheck.check(conf(master, GpuSettings.EXECUTOR_AMOUNT, "0")))
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({"spark://h:1,''", "spark://h:1,0.25", "yarn,1", "'local-cluster[2,1,1024]',''"})
  void aGpuForEachExecutorIsFine(String master, String perTask) {
    SparkConf conf = conf(master, GpuSettings.EXECUTOR_AMOUNT, "1");
    if (!perTask.isEmpty()) {
      conf.set(GpuSettings.TASK_AMOUNT, perTask);
    }
    assertThatCode(() -> GpuSettingsCheck.check(conf)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {"local", "local[2]", "local[*,3]"})
  void sparkWouldWaitForEverInOneProcess(String master) {
    assertThat(refused(conf(master, GpuSettings.EXECUTOR_AMOUNT, "1"))).contains("for ever");
  }

  @Test
  void anExecutorThatFindsItsGpuMayBeTheDriversProcess() {
    assertThatCode(
            () -> GpuSettingsCheck.check(conf("local[1]", "spark.stagecoach.gpu.find", "a.sh")))
        .doesNotThrowAnyException();
  }

  /** Before anything is started: no executor could ever come that has one. */
  @Test
  void aStageOnAGpuWantsExecutorsThatHaveOne() {
    String pins = "spark.stagecoach.pin.stages";
    assertThat(refused(conf("yarn", pins, "0:host,1:GPU"))).contains("\"1:gpu\"", "to have a GPU");
    assertThatCode(() -> GpuSettingsCheck.check(conf("yarn", pins, "0:cpu,1:host")))
        .doesNotThrowAnyException();
    assertThatCode(
            () ->
                GpuSettingsCheck.check(
                    conf("spark://h:1", pins, "0:gpu", GpuSettings.EXECUTOR_AMOUNT, "1")))
        .doesNotThrowAnyException();
  }

  @Test
  void everyConflictIsSaid() {
    assertThat(refused(conf("spark://h:1", GpuSettings.TASK_AMOUNT, "1")))
        .contains("no executor has a GPU");
    assertThat(refused(conf("spark://h:1", GpuSettings.EXECUTOR_AMOUNT, "4")))
        .contains("is 4", "on one GPU");
    assertThat(
            refused(
                conf(
                    "local[2]",
                    GpuSettings.EXECUTOR_AMOUNT,
                    "2",
                    "spark.stagecoach.gpu.find",
                    "nvidia-smi")))
        .contains("for ever", "on one GPU", "are both set");
    assertThat(refused(conf("mesos://h:1", GpuSettings.EXECUTOR_AMOUNT, "1")))
        .contains("more than other tasks", "is not set");
  }

  @Test
  void anAmountIsANumber() {
    StagecoachException e =
        assertThrows(
            StagecoachException.class,
            () -> GpuSettingsCheck.check(conf("yarn", GpuSettings.EXECUTOR_AMOUNT, "one")));
    assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION);
    assertThat(e.what()).contains("'one'");
  }

  @ParameterizedTest
  @CsvSource({
    "0,    0,    spark://h:1,           3.5.5, NONE",
    "1,    0,    spark://h:1,           3.5.0, BY_PROFILE",
    "1,    0,    'local-cluster[2,1,9]', 3.5.5, BY_PROFILE",
    "1,    0.25, 'local-cluster[2,1,9]', 3.5.5, AS_EVERY_TASK",
    "1,    1,    spark://h:1,           3.5.5, AS_EVERY_TASK",
    "1,    0,    yarn,                  3.5.0, IMPOSSIBLE",
    "1,    0.5,  yarn,                  3.5.0, AS_EVERY_TASK",
    "1,    1,    k8s://h,               3.5.0, AS_EVERY_TASK",
    "1,    0,    yarn,                  3.5.1, BY_PROFILE",
    "1,    0.5,  k8s://h,               3.5.5, AS_EVERY_TASK",
    "1,    0,    k8s://h,               3.5.5-amzn-0, BY_PROFILE",
    "1,    0,    k8s://h,               4.0.0, BY_PROFILE",
    "1,    0,    k8s://h,               3.4.9, IMPOSSIBLE",
    "1,    0,    yarn,                  what,  IMPOSSIBLE",
    "1,    0,    local[2],              3.5.5, IMPOSSIBLE",
  })
  void aStageAsksForMoreThanOthersWhereSparkLetsIt(
      double perExecutor, double perTask, String master, String version, StageGpu expected) {
    GpuSettings settings = new GpuSettings(perExecutor, perTask, Optional.empty(), "/locks", false);
    assertThat(StageGpu.of(settings, master, version)).isEqualTo(expected);
  }

  @Test
  void thePluginIsTheFirstAndThereOnce() {
    SparkConf asks =
        conf("spark://h:1", GpuSettings.EXECUTOR_AMOUNT, "1", "spark.plugins", "a.B, c.D");
    GpuPlugin.install(asks);
    GpuPlugin.install(asks);
    assertThat(asks.get("spark.plugins")).isEqualTo(GpuPlugin.class.getName() + ",a.B,c.D");
    SparkConf none = conf("spark://h:1");
    GpuPlugin.install(none);
    assertThat(none.contains("spark.plugins")).isFalse();
  }
}
