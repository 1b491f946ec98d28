package io.stagecoach.spark.job;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.util.SignalUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.runtime.AbstractFunction0;

/**
 * A request that the job stop, as Ctrl-C, {@code kill} and cluster managers make it. The first
 * signal lets the job end in order, within a time; the second ends the process as if nobody had
 * listened. A job that does not end in that time is interrupted, and one that does not end then
 * either is left behind by the process: an application always exits.
 */
final class StopRequest implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(StopRequest.class);

  private static final List<String> SIGNALS = List.of("TERM", "INT");

  /** Signal handlers cannot be taken back; what they reach can. */
  private static final AtomicReference<StopRequest> LISTENING = new AtomicReference<>();

  static {
    for (String signal : SIGNALS) {
      SignalUtils.register(signal, new Handler(signal));
    }
  }

  private final Thread job;
  private volatile Duration patience = Duration.ZERO;
  private volatile Duration grace = Duration.ofSeconds(20);
  private volatile String signal;
  private Thread watchdog;

  private StopRequest(Thread job) {
    this.job = job;
  }

  /** Listens to signals on behalf of the calling thread, until it is closed. */
  static StopRequest listen() {
    StopRequest request = new StopRequest(Thread.currentThread());
    LISTENING.set(request);
    return request;
  }

  /** Nobody asks: the process is a program's own, and so are its signals. */
  static StopRequest never() {
    return new StopRequest(Thread.currentThread());
  }

  /** The job looks at {@link #isMade} from here on, and is not interrupted for so long. */
  void patience(Duration time) {
    patience = time;
    grace = time;
  }

  /** Whether the job is to stop. */
  boolean isMade() {
    return signal != null;
  }

  /** The job has been interrupted, if it was, and does what is left to do in peace. */
  void settle() {
    if (isMade()) {
      boolean unused = Thread.interrupted();
    }
  }

  /** What ends the job now, if it is to stop. */
  Optional<StagecoachException> asFailure() {
    return Optional.ofNullable(signal)
        .map(
            name ->
                new StagecoachException(
                    ErrorKind.INTERRUPTED,
                    "The run was told to stop by SIG" + name,
                    Where.nowhere(),
                    "The same command goes on from its last checkpoint, where it has written one.",
                    null));
  }

  private synchronized boolean make(String name) {
    if (signal != null) {
      return false;
    }
    signal = name;
    LOG.warn("SIG{}: the run ends its step, and stops", name);
    watchdog = new Thread(this::watch, "stagecoach-stop");
    watchdog.setDaemon(true);
    watchdog.start();
    return true;
  }

  private void watch() {
    try {
      job.join(Math.max(1, patience.toMillis()));
      if (job.isAlive() && LISTENING.get() == this) {
        job.interrupt();
      }
      job.join(Math.max(1, grace.toMillis()));
      if (job.isAlive() && LISTENING.get() == this) {
        LOG.error("The run did not stop in time");
        Runtime.getRuntime().halt(ErrorKind.INTERRUPTED.exitCode());
      }
    } catch (InterruptedException e) {
      // The job has ended.
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public synchronized void close() {
    LISTENING.compareAndSet(this, null);
    if (watchdog != null) {
      watchdog.interrupt();
    }
  }

  /** What Spark calls on a signal; false has the signal do what it does by default. */
  private static final class Handler extends AbstractFunction0<Object> {

    private final String signal;

    Handler(String signal) {
      this.signal = signal;
    }

    @Override
    public Object apply() {
      StopRequest request = LISTENING.get();
      return request != null && request.make(signal);
    }
  }
}
