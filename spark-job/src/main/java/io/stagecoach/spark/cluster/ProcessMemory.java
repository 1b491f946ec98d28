package io.stagecoach.spark.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * How much memory a process has used at most.
 *
 * @param peakResidentBytes the most resident memory since the process began; 0 where the operating
 *     system does not say
 */
public record ProcessMemory(long peakResidentBytes) {

  private static final Path STATUS = Path.of("/proc/self/status");

  /** This process's. */
  public static ProcessMemory ofThisProcess() {
    if (!Files.isReadable(STATUS)) {
      return new ProcessMemory(0);
    }
    try {
      return new ProcessMemory(peakIn(Files.readAllLines(STATUS)));
    } catch (IOException e) {
      return new ProcessMemory(0);
    }
  }

  /** The high-water mark in lines like {@code VmHWM: 123 kB} of Linux's proc(5). */
  static long peakIn(List<String> lines) {
    return lines.stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
        .findFirst()
        .orElse(0);
  }
}
