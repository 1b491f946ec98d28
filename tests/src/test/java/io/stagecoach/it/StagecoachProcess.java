package io.stagecoach.it;

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
import java.util.concurrent.TimeUnit;

/**
 * The launcher as a user calls it, in a working directory of its own: a real {@code spark-submit}
 * with real executor processes. Whatever it started is ended on close.
 */
final class StagecoachProcess implements AutoCloseable {

  /** How a run ended. */
  record Outcome(int exitCode, String out, String err) {

    /** The last line's JSON. */
    JsonNode lastLine() {
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

  private final Path out;
  private final Path err;
  private final Process process;

  private StagecoachProcess(Path out, Path err, Process process) {
    this.out = out;
    this.err = err;
    this.process = process;
  }

  /** Starts {@code stagecoach} with these arguments, in this directory. */
  static StagecoachProcess start(Path directory, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(repository().resolve("spark-job/bin/stagecoach").toString());
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
      return new StagecoachProcess(out, err, builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs to the end. */
  static Outcome run(Path directory, List<String> arguments) {
    try (StagecoachProcess run = start(directory, arguments)) {
      return run.await(Duration.ofMinutes(5));
    }
  }

  /** The root of the repository: the directory of the parent POM. */
  static Path repository() {
    return Path.of("").toAbsolutePath().getParent();
  }

  /** What it has said so far on the standard error stream. */
  String errSoFar() {
    return read(err);
  }

  /** The processes that it has started and that still run, itself not among them. */
  List<ProcessHandle> descendants() {
    return process.descendants().toList();
  }

  Outcome await(Duration deadline) {
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
    List<ProcessHandle> all = new ArrayList<>(descendants());
    all.forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
