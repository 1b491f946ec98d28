package io.stagecoach.engine.update;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * How many threads share an update. The thread that asks takes a share itself; the others are
 * daemons, and end when there was nothing to do for a while. One update at a time.
 */
public final class UpdateThreads {

  /** Only the thread that asks. */
  public static final UpdateThreads ONE = new UpdateThreads(1);

  /** Beyond some threads it is the memory that is waited for. */
  private static final int USEFUL = 4;

  /** Of less there is too little to gain for waking another thread. */
  private static final long LEAST_SHARE = 64L * 1024;

  private static final long IDLE_SECONDS = 30;

  private final int count;
  private final ThreadPoolExecutor others;

  /**
   * @param count how many, that of the caller among them; at least one
   */
  public UpdateThreads(int count) {
    if (count < 1) {
      throw new IllegalArgumentException(count + " threads");
    }
    this.count = count;
    this.others =
        new ThreadPoolExecutor(
            Math.max(1, count - 1),
            Math.max(1, count - 1),
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, "stagecoach-update");
              thread.setDaemon(true);
              return thread;
            });
    others.allowCoreThreadTimeOut(true);
  }

  /** As many as this process has processors, but no more than help. */
  public static UpdateThreads ofThisProcess() {
    return new UpdateThreads(Math.min(USEFUL, Runtime.getRuntime().availableProcessors()));
  }

  /** How many there are. */
  public int count() {
    return count;
  }

  /** Does one of several shares of the work. */
  interface Share {
    void run(int share);
  }

  /** Among how many threads so many elements are best shared out. */
  int sharesOf(long length) {
    return (int) Math.max(1, Math.min(count, length / LEAST_SHARE));
  }

  /** Runs all shares, each on a thread of its own, and returns when all have ended. */
  void run(int shares, Share work) {
    CompletableFuture<?>[] running = new CompletableFuture<?>[shares - 1];
    for (int i = 1; i < shares; i++) {
      int share = i;
      running[i - 1] = CompletableFuture.runAsync(() -> work.run(share), others);
    }
    try {
      work.run(0);
    } finally {
      // Nobody may look at the weights while a share is still at work on them.
      CompletableFuture.allOf(running).join();
    }
  }
}
