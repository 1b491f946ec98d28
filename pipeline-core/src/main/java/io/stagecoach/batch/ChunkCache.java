package io.stagecoach.batch;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chunks in memory, bounded by bytes, the least recently used leaving first. One background thread
 * fetches what has been announced, in order, as far as there is room without dropping what was
 * announced before it.
 */
final class ChunkCache implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ChunkCache.class);
  private static final long JOIN_MILLIS = 10_000;

  private final ChunkLoader loader;
  private final long limit;
  private final Duration deadline;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<ChunkColumn, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
  private final Deque<Set<ChunkColumn>> announced = new ArrayDeque<>();
  private final Map<ChunkColumn, Integer> wanted = new HashMap<>();
  private final Deque<ChunkColumn> toFetch = new ArrayDeque<>();
  private long held;
  private Thread worker;
  private boolean closed;

  private record Entry(long bytes, CompletableFuture<LoadedColumn> loaded) {}

  ChunkCache(ChunkLoader loader, long limit, Duration deadline) {
    this.loader = loader;
    this.limit = limit;
    this.deadline = deadline;
  }

  /** The column of the chunk, from memory or loaded now; a load under way is waited for. */
  LoadedColumn get(ChunkColumn key) {
    Entry entry;
    boolean mine;
    lock.lock();
    try {
      checkOpen();
      entry = entries.get(key);
      mine = entry == null;
      if (mine) {
        entry = new Entry(loader.bytes(key), new CompletableFuture<>());
        makeRoom(entry.bytes(), true);
        add(key, entry);
      }
    } finally {
      lock.unlock();
    }
    if (mine) {
      load(key, entry);
    }
    return await(entry);
  }

  /** Says what will be read, group by group; forgets what was announced before. */
  void announce(List<Set<ChunkColumn>> groups) {
    lock.lock();
    try {
      checkOpen();
      announced.clear();
      wanted.clear();
      toFetch.clear();
      for (Set<ChunkColumn> group : groups) {
        announced.add(group);
        for (ChunkColumn key : group) {
          if (wanted.merge(key, 1, Integer::sum) == 1) {
            toFetch.add(key);
          }
        }
      }
      if (worker == null && !toFetch.isEmpty()) {
        worker = new Thread(this::fetchAnnounced, "stagecoach-batch-prefetch");
        worker.setDaemon(true);
        worker.start();
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Says that so many of the announced groups have been read, or passed over. */
  void passed(int groups) {
    lock.lock();
    try {
      for (int i = 0; i < groups; i++) {
        Set<ChunkColumn> group = announced.poll();
        if (group == null) {
          break;
        }
        group.forEach(key -> wanted.computeIfPresent(key, (k, n) -> n == 1 ? null : n - 1));
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The bytes held, those being loaded included. */
  long heldBytes() {
    lock.lock();
    try {
      return held;
    } finally {
      lock.unlock();
    }
  }

  private void add(ChunkColumn key, Entry entry) {
    entries.put(key, entry);
    held += entry.bytes();
  }

  private void remove(ChunkColumn key, Entry entry) {
    if (entries.remove(key, entry)) {
      held -= entry.bytes();
    }
  }

  /** Drops what is needed least until so much fits; says whether it does. */
  private boolean makeRoom(long bytes, boolean evenAnnounced) {
    drop(bytes, false);
    if (evenAnnounced) {
      drop(bytes, true);
    }
    return held + bytes <= limit;
  }

  private void drop(long bytes, boolean announcedToo) {
    Iterator<Map.Entry<ChunkColumn, Entry>> oldestFirst = entries.entrySet().iterator();
    while (held + bytes > limit && oldestFirst.hasNext()) {
      Map.Entry<ChunkColumn, Entry> candidate = oldestFirst.next();
      boolean needed = !announcedToo && wanted.containsKey(candidate.getKey());
      if (!needed && candidate.getValue().loaded().isDone()) {
        oldestFirst.remove();
        held -= candidate.getValue().bytes();
      }
    }
  }

  private void load(ChunkColumn key, Entry entry) {
    try {
      entry.loaded().complete(loader.load(key));
    } catch (RuntimeException | Error e) {
      // Whoever waits learns of it; whoever comes later tries again.
      forget(key, entry);
      entry.loaded().completeExceptionally(e);
    }
    if (entry.bytes() > limit) {
      forget(key, entry);
    }
  }

  private void forget(ChunkColumn key, Entry entry) {
    lock.lock();
    try {
      remove(key, entry);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private LoadedColumn await(Entry entry) {
    try {
      return entry.loaded().get(deadline.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof StagecoachException known) {
        throw known;
      }
      throw new StagecoachException(
          ErrorKind.DATA,
          "Cannot read a chunk of the batch store: " + e.getCause(),
          Where.nowhere(),
          "",
          e.getCause());
    } catch (TimeoutException e) {
      throw new StagecoachException(
          ErrorKind.DEADLINE,
          "A chunk of the batch store did not arrive within " + deadline.toSeconds() + " s",
          Where.nowhere(),
          "Check the storage that holds the batch store",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StagecoachException(
          ErrorKind.INTERRUPTED, "Reading the batch store was interrupted", Where.nowhere(), "", e);
    }
  }

  private void fetchAnnounced() {
    try {
      while (true) {
        ChunkColumn key;
        Entry entry;
        lock.lockInterruptibly();
        try {
          while (!closed && !canFetchNext()) {
            changed.await();
          }
          if (closed) {
            return;
          }
          key = toFetch.remove();
          entry = new Entry(loader.bytes(key), new CompletableFuture<>());
          add(key, entry);
        } finally {
          lock.unlock();
        }
        load(key, entry);
        if (entry.loaded().isCompletedExceptionally()) {
          LOG.debug("prefetch of {} failed; whoever reads it will say why", key);
        }
      }
    } catch (InterruptedException e) {
      LOG.debug("prefetch ends", e);
    }
  }

  /** Whether the next announced chunk is absent, still wanted, and there is room for it. */
  private boolean canFetchNext() {
    ChunkColumn next = toFetch.peek();
    while (next != null && (entries.containsKey(next) || !wanted.containsKey(next))) {
      toFetch.remove();
      next = toFetch.peek();
    }
    return next != null && makeRoom(loader.bytes(next), false);
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the reader is closed");
    }
  }

  @Override
  public void close() {
    Thread running;
    lock.lock();
    try {
      closed = true;
      running = worker;
      entries.clear();
      held = 0;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (running != null) {
      running.interrupt();
      try {
        running.join(JOIN_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
