package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.stagecoach.spark.config.SparkSettingsCheck;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.gpu.GpuSettingsCheck;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Properties;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The settings for GPUs, and the script by which Spark finds them. */
class GpuConfTest {

  private static final Path CONF = Path.of("../conf").toAbsolutePath().normalize();

  @TempDir Path path;

  /** How the script ended. */
  private record Ended(int exitCode, String out, String err) {}

  /** Runs it where nothing but these is on the path. */
  private Ended discover(String nvidiaSmi) throws Exception {
    if (!nvidiaSmi.isEmpty()) {
      Path command = Files.writeString(path.resolve("nvidia-smi"), "#!/bin/sh\n" + nvidiaSmi);
      Files.setPosixFilePermissions(command, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    ProcessBuilder builder =
        new ProcessBuilder("/bin/bash", CONF.resolve("gpu-discovery.sh").toString());
    builder.environment().put("PATH", path.toString());
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), out, err);
  }

  @Test
  void theSettingsAreUnderstood() throws IOException {
    Properties properties = new Properties();
    try (Reader in = Files.newBufferedReader(CONF.resolve("gpu.properties"))) {
      properties.load(in);
    }
    SparkConf settings = new SparkConf(false).setMaster("spark://host:7077");
    properties.forEach((key, value) -> settings.set(key.toString(), value.toString()));
    int stages = StagecoachConf.from(settings).stages();
    assertThat(settings.getInt("spark.cores.max", 0))
        .isEqualTo(stages * settings.getInt("spark.executor.cores", 0));
    assertThatCode(() -> SparkSettingsCheck.check(settings, stages)).doesNotThrowAnyException();
    assertThatCode(() -> GpuSettingsCheck.check(settings)).doesNotThrowAnyException();
  }

  @Test
  void theScriptListsUuids() throws Exception {
    Ended ended = discover("echo GPU-4f1; echo GPU-9a2\n");
    assertThat(ended.exitCode()).as(ended.toString()).isZero();
    assertThat(new ObjectMapper().readTree(ended.out()))
        .isEqualTo(
            new ObjectMapper()
                .readTree("{\"name\": \"gpu\", \"addresses\": [\"GPU-4f1\", \"GPU-9a2\"]}"));
    assertThat(Files.isExecutable(CONF.resolve("gpu-discovery.sh"))).isTrue();
  }

  @Test
  void whereThereIsNoGpuTheScriptSaysWhy() throws Exception {
    Ended ended = discover("");
    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(ended.err()).contains("there is no nvidia-smi");
    ended = discover("echo Driver/library version mismatch; exit 18\n");
    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(ended.err()).contains("failed: Driver/library version mismatch");
    ended = discover("echo No devices were found\n");
    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(ended.err()).contains("lists no device: No devices were found");
    assertThat(ended.out()).isEmpty();
  }
}
