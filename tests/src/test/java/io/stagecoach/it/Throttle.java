package io.stagecoach.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.TimeUnit;

/**
 * A process that gets a third of its time: it is stopped for two of every three moments. Only this
 * one becomes slower, as by a device that is too hot.
 */
final class Throttle implements AutoCloseable {

  private static final String LOOP =
      "while kill -STOP $0 2>/dev/null; do sleep 0.02; kill -CONT $0; sleep 0.01; done";

  private final ProcessHandle process;
  private final Process loop;

  private Throttle(ProcessHandle process, Process loop) {
    this.process = process;
    this.loop = loop;
  }

  static Throttle on(ProcessHandle process) {
    try {
      return new Throttle(
          process,
          new ProcessBuilder("bash", "-c", LOOP, String.valueOf(process.pid()))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start());
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
