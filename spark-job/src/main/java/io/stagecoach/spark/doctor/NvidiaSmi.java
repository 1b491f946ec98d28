package io.stagecoach.spark.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** NVIDIA's own command that lists GPUs. */
final class NvidiaSmi {

  private NvidiaSmi() {}

  /**
   * Asks it.
   *
   * @param command its path
   * @return a line for each GPU; none where the command is not there, fails or hangs
   */
  static Optional<List<String>> ask(String command, Duration patience) {
    Process process;
    try {
      process =
          new ProcessBuilder(
                  command,
                  "--query-gpu=name,driver_version,memory.free,memory.total",
                  "--format=csv,noheader")
              .redirectErrorStream(true)
              .start();
    } catch (IOException e) {
      return Optional.empty();
    }
    try {
      String output = read(process).get(patience.toMillis(), TimeUnit.MILLISECONDS);
      return process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS) && process.exitValue() == 0
          ? Optional.of(parse(output))
          : Optional.empty();
    } catch (TimeoutException | ExecutionException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    } finally {
      process.destroyForcibly();
    }
  }

  private static CompletableFuture<String> read(Process process) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
          } catch (IOException e) {
            return "";
          }
        });
  }

  /** Lines of four values with commas between, as people read them. */
  static List<String> parse(String output) {
    List<String> gpus = new ArrayList<>();
    for (String line : output.lines().filter(l -> !l.isBlank()).toList()) {
      String[] values = line.split(",", -1);
      if (values.length == 4) {
        gpus.add(
            values[0].strip()
                + ", driver "
                + values[1].strip()
                + ", "
                + values[2].strip()
                + " free of "
                + values[3].strip());
      }
    }
    return gpus;
  }
}
