package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What may happen to a run, done to its processes from outside. */
enum Fault {
  /** An executor is killed. */
  KILL {
    @Override
    boolean strike(StagecoachProcess run, Path directory, Random random) {
      return executor(run, random, victim -> victim.destroyForcibly());
    }
  },

  /** An executor is stopped for good: it is alive, and says nothing any more. */
  HANG {
    @Override
    boolean strike(StagecoachProcess run, Path directory, Random random) {
      return executor(run, random, victim -> signal("STOP", victim));
    }
  },

  /** An executor is stopped for some time, less or more than it takes to be given up. */
  PAUSE {
    @Override
    boolean strike(StagecoachProcess run, Path directory, Random random) {
      return executor(
          run,
          random,
          victim -> {
            signal("STOP", victim);
            Awaiting.sleep(100 + random.nextInt(4900));
            if (victim.isAlive()) {
              signal("CONT", victim);
            }
          });
    }
  },

  /** A connection of an executor is cut, with whom it may be. */
  CUT {
    @Override
    boolean strike(StagecoachProcess run, Path directory, Random random) {
      return executor(
          run,
          random,
          victim -> {
            List<String> local = new ArrayList<>();
            Matcher line = CONNECTION.matcher(output("ss", "-Htnp", "state", "established"));
            while (line.find()) {
              if (line.group(2).contains("pid=" + victim.pid() + ",")) {
                local.add(line.group(1));
              }
            }
            if (!local.isEmpty()) {
              output("ss", "-K", "src", local.get(random.nextInt(local.size())));
            }
          });
    }

    @Override
    boolean isPossible() {
      try {
        return new ProcessBuilder("ss", "-V").start().waitFor() == 0;
      } catch (IOException | InterruptedException e) {
        return false;
      }
    }
  },

  /** An executor can write no file any more where Spark keeps its blocks. */
  DISK {
    @Override
    boolean strike(StagecoachProcess run, Path directory, Random random) {
      List<Path> blocks;
      try (Stream<Path> all = Files.find(directory, 12, (path, is) -> isExecutors(path))) {
        blocks = all.sorted().toList();
      } catch (IOException | UncheckedIOException e) {
        return false;
      }
      if (blocks.isEmpty()) {
        return false;
      }
      Path victim = blocks.get(random.nextInt(blocks.size()));
      try (Stream<Path> files = Files.walk(victim)) {
        files.sorted(Comparator.reverseOrder()).forEach(Fault::delete);
        Files.writeString(victim, "no directory");
        return true;
      } catch (IOException | UncheckedIOException e) {
        return false;
      }
    }
  },

  /** The driver is killed, and with it, before long, all others. */
  DRIVER {
    @Override
    boolean strike(StagecoachProcess run, Path directory, Random random) {
      run.driver().destroyForcibly();
      // One that hangs would never notice; on a cluster its node's manager ends it.
      run.executors().forEach(executor -> signal("CONT", executor));
      return true;
    }
  };

  /** The local address, and whose it is, of a line of {@code ss -Htnp}. */
  private static final Pattern CONNECTION =
      Pattern.compile("(?m)^\\s*\\d+\\s+\\d+\\s+(\\S+)\\s+\\S+\\s+(users:\\S.*)$");

  private interface Blow {
    void on(ProcessHandle victim);
  }

  /** Strikes; false where there was nothing to strike at. */
  abstract boolean strike(StagecoachProcess run, Path directory, Random random);

  /** Whether this machine has what it takes. */
  boolean isPossible() {
    return true;
  }

  private static boolean executor(StagecoachProcess run, Random random, Blow blow) {
    List<ProcessHandle> executors = run.executors();
    if (executors.isEmpty()) {
      return false;
    }
    blow.on(executors.get(random.nextInt(executors.size())));
    return true;
  }

  private static boolean isExecutors(Path path) {
    String text = path.toString();
    return text.contains("/executor-")
        && path.getFileName().toString().startsWith("blockmgr-")
        && Files.isDirectory(path);
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends a signal to a process that may have ended just now. */
  static void signal(String name, ProcessHandle process) {
    output("kill", "-" + name, String.valueOf(process.pid()));
  }

  private static String output(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(10, TimeUnit.SECONDS)).as(text).isTrue();
      return text;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
