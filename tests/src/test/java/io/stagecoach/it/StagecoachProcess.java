package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The launcher as a user calls it, in a working directory of its own: a real {@code spark-submit}
 * with real executor processes. Whatever it started is ended on close. Its processes are known by a
 * mark in their environment, which all that they start inherits, so that one whose parent has ended
 * is found too.
 */
public final class StagecoachProcess implements AutoCloseable {

  /** How a run ended. */
  public record Outcome(int exitCode, String out, String err) {

    /** The last line's JSON. */
    public JsonNode lastLine() {
      List<String> lines = out.lines().toList();
      String last = lines.isEmpty() ? "" : lines.get(lines.size() - 1);
      if (!last.startsWith("STAGECOACH ")) {
        throw new AssertionError("the last line is '" + last + "'\n" + this);
      }
      try {
        return new ObjectMapper().readTree(last.substring("STAGECOACH ".length()));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public String toString() {
      return "exit " + exitCode + "\n--- out\n" + out + "\n--- err\n" + err;
    }
  }

  private static final String MARK = "STAGECOACH_TEST_RUN";

  private final String mark;
  private final Path out;
  private final Path err;
  private final Process process;

  private StagecoachProcess(String mark, Path out, Path err, Process process) {
    this.mark = mark;
    this.out = out;
    this.err = err;
    this.process = process;
  }

  /** Starts {@code stagecoach} with these arguments, in this directory. */
  public static StagecoachProcess start(Path directory, List<String> arguments) {
    return start(directory, arguments, Map.of());
  }

  /** The same, with more variables in its environment. */
  static StagecoachProcess start(
      Path directory, List<String> arguments, Map<String, String> environment) {
    return start(
        directory, repository().resolve("spark-job/bin/stagecoach"), arguments, environment);
  }

  /** Starts another program, which starts Stagecoach. */
  static StagecoachProcess start(
      Path directory, Path program, List<String> arguments, Map<String, String> environment) {
    List<String> command = new ArrayList<>();
    command.add(program.toString());
    command.addAll(arguments);
    try {
      Path out = Files.createTempFile(directory, "out", ".log");
      Path err = Files.createTempFile(directory, "err", ".log");
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .directory(directory.toFile())
              .redirectOutput(out.toFile())
              .redirectError(err.toFile());
      // A distribution that the machine happens to have is not what is tested here.
      builder.environment().remove("SPARK_HOME");
      builder.environment().putAll(environment);
      String mark = MARK + "=" + UUID.randomUUID();
      builder.environment().put(MARK, mark.substring(MARK.length() + 1));
      return new StagecoachProcess(mark, out, err, builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The root of the repository: the directory of the parent POM. */
  static Path repository() {
    return Path.of("").toAbsolutePath().getParent();
  }

  /** Where its links to Spark and its executors' logs are, as long as they are there. */
  List<Path> runDirectory() {
    Path runs = repository().resolve("spark-job/target/runs");
    if (!Files.isDirectory(runs)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(runs)) {
      return all.filter(p -> p.toString().endsWith("-" + process.pid())).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether the command has ended; what it started may run on for a moment. */
  public boolean isOver() {
    return !process.isAlive();
  }

  /** What it has said so far on the standard output stream. */
  String outSoFar() {
    return read(out);
  }

  /** What it has said so far on the standard error stream. */
  public String errSoFar() {
    return read(err);
  }

  /**
   * All its processes that still run, but for one that is just about to become another program: in
   * that moment the system shows no environment of it.
   */
  List<ProcessHandle> processes() {
    return ProcessHandle.allProcesses()
        .filter(ProcessHandle::isAlive)
        .filter(p -> entries(p, "environ").contains(mark))
        .toList();
  }

  /** Its executors that still run. */
  List<ProcessHandle> executors() {
    return processes().stream()
        .filter(p -> entries(p, "cmdline").stream().anyMatch(a -> a.endsWith("ExecutorBackend")))
        .toList();
  }

  /** The executor of this number, as Spark counts them. */
  ProcessHandle executor(int number) {
    return executors().stream()
        .filter(
            p -> {
              List<String> arguments = entries(p, "cmdline");
              int at = arguments.indexOf("--executor-id");
              return at >= 0 && arguments.get(at + 1).equals(String.valueOf(number));
            })
        .findFirst()
        .orElseThrow(() -> new AssertionError("there is no executor " + number));
  }

  /** Its driver. */
  ProcessHandle driver() {
    return processes().stream()
        .filter(p -> entries(p, "cmdline").stream().anyMatch(a -> a.endsWith("deploy.SparkSubmit")))
        .findFirst()
        .orElseThrow(() -> new AssertionError("there is no driver"));
  }

  /** Executors end when they notice that their driver has. */
  void awaitNoProcess() {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!processes().isEmpty()) {
      assertThat(System.nanoTime())
          .as(
              "processes are left: %s",
              processes().stream().map(p -> entries(p, "cmdline")).toList())
          .isLessThan(end);
      Awaiting.pause();
    }
  }

  /** What the system says of a process: nothing where it is gone, or somebody else's. */
  static List<String> entries(ProcessHandle process, String what) {
    try {
      return List.of(
          Files.readString(
                  Path.of("/proc", String.valueOf(process.pid()), what),
                  StandardCharsets.ISO_8859_1)
              .split("\0"));
    } catch (IOException e) {
      return List.of();
    }
  }

  /** Waits until it is over, which it must be before the deadline. */
  public Outcome await(Duration deadline) {
    try {
      if (!process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError(
            "still running after " + deadline + "\n" + read(out) + "\n" + read(err));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
    return new Outcome(process.exitValue(), read(out), read(err));
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    processes().forEach(ProcessHandle::destroyForcibly);
  }
}
