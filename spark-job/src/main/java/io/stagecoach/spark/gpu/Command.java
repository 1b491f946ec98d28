package io.stagecoach.spark.gpu;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A command of the host's that is asked something, and is not waited for without end. */
final class Command {

  private static final int MOST_WORDS = 500;

  /** What came of it. */
  sealed interface Outcome {}

  /** It answered. */
  record Said(String output) implements Outcome {}

  /** It is not there, failed, or hung. */
  record Unable(String why) implements Outcome {}

  private Command() {}

  /**
   * Runs one.
   *
   * @param patience how long it may take, before it is killed
   * @param words its path and arguments
   */
  static Outcome run(Duration patience, List<String> words) {
    String name = words.get(0);
    Process process;
    try {
      process = new ProcessBuilder(words).start();
    } catch (IOException e) {
      return new Unable("there is no " + name + " that can be run: " + e.getMessage());
    }
    try {
      CompletableFuture<String> output = read(process.getInputStream());
      CompletableFuture<String> errors = read(process.getErrorStream());
      String said = output.get(patience.toMillis(), TimeUnit.MILLISECONDS);
      String complained = errors.get(patience.toMillis(), TimeUnit.MILLISECONDS);
      if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        return hung(name, patience);
      }
      return process.exitValue() == 0
          ? new Said(said)
          : new Unable(
              name
                  + " ended with "
                  + process.exitValue()
                  + shortened(complained.isBlank() ? said : complained));
    } catch (TimeoutException e) {
      return hung(name, patience);
    } catch (ExecutionException e) {
      return new Unable(name + " could not be read: " + e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Unable("the wait for " + name + " was interrupted");
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private static Unable hung(String name, Duration patience) {
    return new Unable(name + " did not answer within " + patience.toSeconds() + " s");
  }

  private static String shortened(String text) {
    String line = text.strip().replace('\n', ' ');
    return line.isEmpty()
        ? ""
        : ": " + (line.length() > MOST_WORDS ? line.substring(0, MOST_WORDS) + " …" : line);
  }

  private static CompletableFuture<String> read(InputStream stream) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
          } catch (IOException e) {
            return "";
          }
        },
        work -> {
          // The common pool may have a single thread, and two streams are read at once.
          Thread own = new Thread(work, "stagecoach-command");
          own.setDaemon(true);
          own.start();
        });
  }
}
