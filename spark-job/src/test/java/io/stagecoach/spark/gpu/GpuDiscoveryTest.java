package io.stagecoach.spark.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GpuDiscoveryTest {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @TempDir Path directory;

  private String script(String... lines) throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("script.sh"), "#!/bin/sh\n" + String.join("\n", lines) + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    return file.toString();
  }

  @Test
  void aScriptListsAddresses() throws IOException {
    GpuDiscovery.Found found =
        GpuDiscovery.look(script("echo '{\"name\": \"gpu\", \"addresses\": [\"GPU-a\", \"1\"]}'"));
    assertThat(found.addresses()).containsExactly("GPU-a", "1");
  }

  @Test
  void whereThereIsNoneItSaysWhy() throws IOException {
    assertThat(GpuDiscovery.look(script("echo no driver >&2", "exit 3")).why())
        .endsWith("script.sh ended with 3: no driver");
    assertThat(GpuDiscovery.look(script("echo '{\"name\":\"gpu\",\"addresses\":[]}'")).why())
        .endsWith("script.sh lists none");
    assertThat(GpuDiscovery.look(script("echo hello")).why()).endsWith("addresses, but: hello");
    assertThat(GpuDiscovery.look(script("echo '{\"name\":\"gpu\"}'")).why())
        .contains("did not print");
    assertThat(GpuDiscovery.look(directory.resolve("nothing").toString()).why())
        .startsWith("there is no ");
  }

  @Test
  void aCommandThatHangsIsNotWaitedForWithoutEnd() throws IOException {
    assertThat(Command.run(Duration.ofMillis(200), List.of(script("sleep 60"))))
        .isInstanceOfSatisfying(
            Command.Unable.class, unable -> assertThat(unable.why()).contains("did not answer"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"nvidia-smi-that-is-not-there", "/bin/false"})
  void withoutNvidiasCommandThereAreNoGpus(String command) {
    assertThat(NvidiaSmi.ask(command, PATIENCE)).isEmpty();
    assertThat(NvidiaSmi.uuids(command, PATIENCE).addresses()).isEmpty();
    assertThat(NvidiaSmi.uuids(command, PATIENCE).why()).contains(command);
  }

  @Test
  void nvidiasLinesAreRead() throws IOException {
    assertThat(
            NvidiaSmi.parse("Tesla T4, 535.161.07, 14910 MiB, 15360 MiB\n\nno line of its own\n"))
        .containsExactly("Tesla T4, driver 535.161.07, 14910 MiB free of 15360 MiB");
    assertThat(NvidiaSmi.uuids(script("echo GPU-1", "echo", "echo ' GPU-2 '"), PATIENCE))
        .isEqualTo(new GpuDiscovery.Found(List.of("GPU-1", "GPU-2"), ""));
  }
}
