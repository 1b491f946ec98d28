package io.stagecoach.spark.cluster;

import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Something that is done again and again, on a daemon thread of its own, until it is closed. */
final class Repeating implements AutoCloseable {

  private final ScheduledExecutorService thread;
  private final Future<?> work;

  /**
   * Begins.
   *
   * @param name of the thread
   * @param millis from the end of one time to the beginning of the next, and before the first
   * @param what what is done; the first time that it throws is the last
   */
  Repeating(String name, long millis, Runnable what) {
    thread =
        Executors.newSingleThreadScheduledExecutor(
            run -> {
              Thread own = new Thread(run, name);
              own.setDaemon(true);
              return own;
            });
    work = thread.scheduleWithFixedDelay(what, millis, millis, TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    work.cancel(true);
    thread.shutdownNow();
  }
}
