package io.stagecoach.spark.job.retrain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Tells a process from all others, so that one that has ended can be known to have. Numbers of
 * processes mean something within one boot of one kernel and one of its namespaces only: elsewhere
 * nothing is known of it.
 *
 * @param boot the boot of the machine; empty where the system does not say it
 * @param namespace the namespace of process numbers
 * @param pid the number
 * @param started when the process began, in the system's ticks since the boot
 */
public record ProcessMark(String boot, String namespace, long pid, String started) {

  /** The calling process. */
  public static ProcessMark current() {
    long pid = ProcessHandle.current().pid();
    try {
      return new ProcessMark(
          Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip(),
          Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString(),
          pid,
          started(pid).orElse(""));
    } catch (IOException | RuntimeException notLinux) {
      return new ProcessMark("", "", pid, "");
    }
  }

  /** Whether it certainly runs no more. */
  boolean hasEnded() {
    ProcessMark here = current();
    if (boot.isEmpty() || !boot.equals(here.boot) || !namespace.equals(here.namespace)) {
      return false;
    }
    return started(pid).map(now -> !now.equals(started)).orElse(true);
  }

  /** The 22nd field of a process's line; the second may have blanks and brackets in it. */
  private static Optional<String> started(long pid) {
    try {
      String line = Files.readString(Path.of("/proc", String.valueOf(pid), "stat"));
      return Optional.of(line.substring(line.lastIndexOf(')') + 2).split(" ", -1)[19]);
    } catch (IOException | RuntimeException gone) {
      return Optional.empty();
    }
  }
}
