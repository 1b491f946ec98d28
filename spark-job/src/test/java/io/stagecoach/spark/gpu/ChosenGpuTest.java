package io.stagecoach.spark.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.resource.ResourceInformation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChosenGpuTest {

  @TempDir Path directory;

  @AfterEach
  void giveBack() {
    ChosenGpu.release();
  }

  private static Map<String, ResourceInformation> given(String... addresses) {
    return Map.of("gpu", new ResourceInformation("gpu", addresses));
  }

  private static GpuSettings bySpark() {
    return new GpuSettings(1, 0, Optional.empty(), "/locks", false);
  }

  private GpuSettings finding(String... addresses) throws IOException {
    Path script =
        Files.writeString(
            directory.resolve("gpus.sh"),
            "#!/bin/sh\necho '{\"name\":\"gpu\",\"addresses\":[\""
                + String.join("\",\"", addresses)
                + "\"]}'\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    return new GpuSettings(
        0, 0, Optional.of(script.toString()), directory.resolve("locks").toString(), false);
  }

  @Test
  void cudaIsToldOfTheOneThatSparkGave() {
    ChosenGpu.choose(bySpark(), given("GPU-7"));
    assertThat(ChosenGpu.here()).isEqualTo(new ExecutorGpu.Taken("GPU-7"));
    assertThat(VisibleGpus.value()).isEqualTo("GPU-7");
    ChosenGpu.choose(bySpark(), Map.of());
    assertThat(ChosenGpu.here()).isInstanceOf(ExecutorGpu.None.class);
    assertThat(VisibleGpus.value()).as("none is shown").isEmpty();
    ChosenGpu.choose(bySpark(), given("0", "1"));
    assertThat(ChosenGpu.here())
        .isInstanceOfSatisfying(
            ExecutorGpu.Failed.class, failed -> assertThat(failed.why()).contains("2: 0, 1"));
    ChosenGpu.release();
    assertThat(ChosenGpu.here()).isInstanceOf(ExecutorGpu.NotLookedFor.class);
  }

  /** Takes a GPU as an executor does, says which, and keeps it until it is killed. */
  static final class OtherExecutor {

    public static void main(String[] locksAndGpus) throws InterruptedException {
      List<String> gpus = List.of(locksAndGpus).subList(1, locksAndGpus.length);
      Optional<GpuLock> lock = GpuLock.first(Path.of(locksAndGpus[0]), gpus);
      System.out.println(lock.map(GpuLock::address).orElse("none"));
      Thread.sleep(60_000);
      lock.ifPresent(GpuLock::close);
    }
  }

  private Process other(String... gpus) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.addAll(List.of(OtherExecutor.class.getName(), directory.resolve("locks").toString()));
    command.addAll(List.of(gpus));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  private static String said(Process process) throws IOException {
    return new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))
        .readLine();
  }

  @Test
  void everyProcessOfAHostTakesOneThatNobodyHas() throws Exception {
    GpuSettings settings = finding("GPU-a", "GPU-b", "2");
    List<Process> others = new ArrayList<>();
    try {
      others.add(other("GPU-a", "GPU-b", "2"));
      assertThat(said(others.get(0))).isEqualTo("GPU-a");
      ChosenGpu.choose(settings, Map.of());
      assertThat(ChosenGpu.here()).isEqualTo(new ExecutorGpu.Taken("GPU-b"));
      assertThat(VisibleGpus.value()).isEqualTo("GPU-b");
      others.add(other("GPU-a", "GPU-b", "2"));
      assertThat(said(others.get(1))).isEqualTo("2");
      others.add(other("GPU-a", "GPU-b", "2"));
      assertThat(said(others.get(2))).isEqualTo("none");

      // A process that is killed has given its own back.
      others.get(0).destroyForcibly().waitFor();
      others.add(other("GPU-a", "GPU-b", "2"));
      assertThat(said(others.get(3))).isEqualTo("GPU-a");
    } finally {
      for (Process process : others) {
        process.destroyForcibly().waitFor();
      }
    }
  }

  @Test
  void whoHasOneAlreadyKeepsItsLock() throws Exception {
    Path locks = directory.resolve("locks");
    try (GpuLock mine = GpuLock.first(locks, List.of("0")).orElseThrow()) {
      assertThat(mine.address()).isEqualTo("0");
      assertThat(GpuLock.first(locks, List.of("0"))).isEmpty();
      Process other = other("0");
      try {
        assertThat(said(other)).isEqualTo("none");
      } finally {
        other.destroyForcibly().waitFor();
      }
    }
    GpuLock.first(locks, List.of("0")).orElseThrow().close();
  }

  @Test
  void thatNoneIsLeftIsSaid() throws IOException {
    try (GpuLock other =
        GpuLock.first(directory.resolve("locks"), List.of("GPU-a")).orElseThrow()) {
      ChosenGpu.choose(finding("GPU-a"), Map.of());
      assertThat(ChosenGpu.here())
          .isEqualTo(new ExecutorGpu.None("others have taken the host's " + other.address()));
      assertThat(VisibleGpus.value()).isEmpty();
    }
  }

  @Test
  void aFolderThatCannotBeWrittenIsSaid() throws IOException {
    GpuSettings settings = finding("0");
    Files.writeString(directory.resolve("locks"), "a file");
    ChosenGpu.choose(settings, Map.of());
    assertThat(ChosenGpu.here())
        .isInstanceOfSatisfying(
            ExecutorGpu.Failed.class,
            failed -> assertThat(failed.remedy()).contains("spark.stagecoach.gpu.lockFolder"));
  }
}
