package io.stagecoach.engine.update;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * How many threads share an update. It is cut into blocks, and each thread takes the next one when
 * it is done with its last: a thread that wakes late, or has lost its processor for a moment, holds
 * nobody up. The thread that asks works too; the others are daemons, and end when there was nothing
 * to do for a while. One update at a time.
 */
public final class UpdateThreads {

  /** Only the thread that asks. */
  public static final UpdateThreads ONE = new UpdateThreads(1);

  /** Beyond some threads it is the memory that is waited for. */
  private static final int USEFUL = 4;

  /**
   * Elements in a block, which take a thread some tenths of a millisecond. It takes about as long
   * until a thread that sleeps is awake, so that less is better done alone; with blocks of a
   * sixteenth, ten million weights took a sixth longer.
   */
  private static final long BLOCK = 512L * 1024;

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

  /** Does one of several blocks of the work. */
  interface Block {
    /**
     * Does a block.
     *
     * @param thread which of the threads this is, 0 for the one that asked
     * @param block which block
     */
    void run(int thread, int block);
  }

  /** Into how many blocks so many elements are best cut. */
  int blocksOf(long length) {
    return count == 1 ? 1 : Math.toIntExact(Math.max(1, length / BLOCK));
  }

  /**
   * Runs each block once, and returns when all have ended.
   *
   * @throws java.util.concurrent.CompletionException where one failed; its cause is what it threw
   */
  void run(int blocks, Block work) {
    Sharing sharing = new Sharing(blocks, work);
    for (int i = 1; i < Math.min(count, blocks); i++) {
      int thread = i;
      others.execute(() -> sharing.takeAll(thread));
    }
    sharing.takeAll(0);
    // Nobody may look at the weights while a block is still at work on them. A thread that has not
    // begun until now will find none left, and is not waited for.
    sharing.ended.join();
  }

  /** Who does which block, and what is left. */
  private static final class Sharing {

    private final int blocks;
    private final Block work;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger left;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    Sharing(int blocks, Block work) {
      this.blocks = blocks;
      this.work = work;
      this.left = new AtomicInteger(blocks);
    }

    /** Takes blocks until there is none. */
    void takeAll(int thread) {
      for (int block = next.getAndIncrement(); block < blocks; block = next.getAndIncrement()) {
        try {
          work.run(thread, block);
        } catch (RuntimeException | Error e) {
          failure.compareAndSet(null, e);
        } finally {
          end();
        }
      }
    }

    private void end() {
      if (left.decrementAndGet() == 0) {
        if (failure.get() == null) {
          ended.complete(null);
        } else {
          ended.completeExceptionally(failure.get());
        }
      }
    }
  }
}
