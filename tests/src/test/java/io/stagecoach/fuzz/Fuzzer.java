package io.stagecoach.fuzz;

import com.sun.management.ThreadMXBean;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Changes inputs at random and gives them to a target. An input that comes to an end that none came
 * to before, an error from other lines or with another cause, is kept and changed further. An end
 * that is neither an acceptance nor an error of the target's contract is a defect, and so is one
 * that takes too long or too much memory.
 */
final class Fuzzer {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** A pause of the collector on a busy machine is shorter. */
  private static final long MAX_NANOS = Duration.ofSeconds(5).toNanos();

  private static final int MAX_KEPT = 2000;
  private static final int MAX_DEFECTS = 20;
  private static final int FRAMES = 3;

  private final FuzzTarget target;
  private final SplittableRandom random;
  private final List<byte[]> corpus = new ArrayList<>();
  private final List<byte[]> kept = new ArrayList<>();
  private final List<FuzzReport.Defect> defects = new ArrayList<>();
  private final Set<String> outcomes = new HashSet<>();
  private volatile byte[] current = {};
  private final AtomicLong inputs = new AtomicLong();
  private long accepted;
  private long mostHeap;

  Fuzzer(FuzzTarget target, long seed) {
    this.target = target;
    this.random = new SplittableRandom(seed);
  }

  /** How many inputs were read so far. */
  long inputs() {
    return inputs.get();
  }

  /** What is read at the moment. */
  byte[] current() {
    return current;
  }

  /**
   * Reads the seeds, what was kept of earlier runs, and then changed ones.
   *
   * @param earlier what was kept
   * @param count how many in all
   */
  FuzzReport run(List<byte[]> earlier, long count) {
    long start = System.nanoTime();
    for (byte[] seed : target.seeds()) {
      // What the first read of all loads and keeps is not what reading takes.
      warm(seed);
      corpus.add(seed);
      if (!read(seed)) {
        defects.add(FuzzReport.Defect.of("a seed is not accepted", seed));
      }
    }
    for (byte[] input : earlier) {
      corpus.add(input);
      read(input);
    }
    Mutator mutator = new Mutator(random, target.words());
    while (inputs.get() < count && defects.size() < MAX_DEFECTS) {
      byte[] input = mutator.change(any(), any());
      read(random.nextInt(8) == 0 ? input : target.summed(input));
    }
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    return new FuzzReport(
        target.name(), inputs.get(), took, accepted, outcomes.size(), mostHeap, kept, defects);
  }

  private void warm(byte[] seed) {
    try {
      target.read(seed.clone());
    } catch (Exception e) {
      // The read that counts says so.
    }
  }

  private byte[] any() {
    return corpus.get(random.nextInt(corpus.size()));
  }

  /** Whether the target took it. */
  private boolean read(byte[] input) {
    current = input;
    byte[] given = input.clone();
    long heap = THREADS.getCurrentThreadAllocatedBytes();
    long start = System.nanoTime();
    Throwable thrown = null;
    try {
      target.read(given);
    } catch (Throwable e) {
      thrown = e;
    }
    long nanos = System.nanoTime() - start;
    heap = THREADS.getCurrentThreadAllocatedBytes() - heap;
    mostHeap = Math.max(mostHeap, heap);
    inputs.incrementAndGet();
    accepted += thrown == null ? 1 : 0;
    String end = end(thrown);
    boolean isNew = outcomes.add(end);
    if (isNew && corpus.size() < MAX_KEPT) {
      corpus.add(input);
      kept.add(input);
    }
    if (isNew && !isAllowed(thrown)) {
      defects.add(FuzzReport.Defect.of(thrown + " from " + end, input));
    } else if (heap > target.heapLimit(input.length)) {
      defects.add(FuzzReport.Defect.of(heap + " bytes of heap", input));
    } else if (nanos > MAX_NANOS) {
      defects.add(FuzzReport.Defect.of(Duration.ofNanos(nanos) + " of time", input));
    }
    return thrown == null;
  }

  private boolean isAllowed(Throwable thrown) {
    return thrown == null
        || (thrown instanceof StagecoachException typed && typed.kind() != ErrorKind.INTERNAL)
        || target.allows(thrown);
  }

  private static String end(Throwable thrown) {
    if (thrown == null) {
      return "accepted";
    }
    StringBuilder end = new StringBuilder();
    int depth = 0;
    for (Throwable t = thrown; t != null && depth < 3; t = t.getCause(), depth++) {
      end.append(t.getClass().getSimpleName());
      StackTraceElement[] trace = t.getStackTrace();
      for (StackTraceElement at : Arrays.copyOf(trace, Math.min(trace.length, FRAMES))) {
        end.append(' ').append(at.getFileName()).append(':').append(at.getLineNumber());
      }
      end.append(" / ");
    }
    return end.toString();
  }
}
