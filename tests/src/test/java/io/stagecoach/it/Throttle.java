package io.stagecoach.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A process that gets a third of its time: it is stopped for two of every three moments. Only this
 * one becomes slower, as by a device that is too hot.
 */
final class Throttle implements AutoCloseable {

  private static final String LOOP =
      "while kill -STOP $0 2>/dev/null; do sleep 0.02; kill -CONT $0; sleep 0.01; done";

  private static final String EVEN_LOOP =
      "while (kill 'STOP', $ARGV[0]) { select undef, undef, undef, 0.002; kill 'CONT', $ARGV[0];"
          + " select undef, undef, undef, 0.001; }";

  private final ProcessHandle process;
  private final Process loop;

  /** Some moments at a time, which a short pass may miss. */
  static Throttle on(ProcessHandle process) {
    return new Throttle(process, "bash", "-c", LOOP);
  }

  /** So few at a time that all passes become longer, as on a device that is slow. */
  static Throttle evenlyOn(ProcessHandle process) {
    return new Throttle(process, "perl", "-e", EVEN_LOOP);
  }

  private Throttle(ProcessHandle process, String... command) {
    List<String> withPid = new ArrayList<>(List.of(command));
    withPid.add(String.valueOf(process.pid()));
    this.process = process;
    try {
      this.loop =
          new ProcessBuilder(withPid)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lets it go. */
  @Override
  public void close() {
    loop.descendants().forEach(ProcessHandle::destroyForcibly);
    loop.destroyForcibly();
    try {
      loop.waitFor(5, TimeUnit.SECONDS);
      new ProcessBuilder("kill", "-CONT", String.valueOf(process.pid()))
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
