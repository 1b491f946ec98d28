package io.stagecoach.spark.cluster;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * How much memory a process uses.
 *
 * @param peakResidentBytes the most resident memory since the process began; 0 where the operating
 *     system does not say
 * @param offHeapBytes what is resident now beside the Java heap: arrays, buffers, and what the
 *     virtual machine takes for itself; 0 where the operating system does not say
 */
public record ProcessMemory(long peakResidentBytes, long offHeapBytes) {

  private static final ProcessMemory UNKNOWN = new ProcessMemory(0, 0);

  private static final Path STATUS = Path.of("/proc/self/status");

  /** This process's. */
  public static ProcessMemory ofThisProcess() {
    if (!Files.isReadable(STATUS)) {
      return UNKNOWN;
    }
    try {
      List<String> lines = Files.readAllLines(STATUS);
      long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
      return new ProcessMemory(
          bytesOf("VmHWM", lines), Math.max(0, bytesOf("VmRSS", lines) - heap));
    } catch (IOException e) {
      return UNKNOWN;
    }
  }

  /** A size in lines like {@code VmHWM: 123 kB} of Linux's proc(5); 0 where it is not there. */
  static long bytesOf(String name, List<String> lines) {
    return lines.stream()
        .filter(line -> line.startsWith(name + ":"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
        .findFirst()
        .orElse(0);
  }
}
