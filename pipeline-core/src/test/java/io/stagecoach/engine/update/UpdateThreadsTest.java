package io.stagecoach.engine.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class UpdateThreadsTest {

  @Property(tries = 200)
  void sharesMakeUpTheWhole(
      @ForAll @LongRange(max = 1L << 40) long length,
      @ForAll @IntRange(min = 1, max = 9) int shares,
      @ForAll @LongRange(max = 1000) long offset) {
    Stretch whole = new Stretch(offset, length, List.of(7 + offset, 90 + offset));
    long next = 0;
    for (int i = 0; i < shares; i++) {
      Stretch share = whole.share(i, shares, 256);
      assertThat(share.offset()).isEqualTo(offset + next);
      assertThat(share.states()).containsExactly(7 + offset + next, 90 + offset + next);
      assertThat(share.length()).isBetween(0L, length / shares + 512);
      next += share.length();
      assertThat(next % 256 == 0 || next == length).isTrue();
    }
    assertThat(next).isEqualTo(length);
  }

  @Test
  void littleWorkIsOneBlockAndMuchIsMany() {
    UpdateThreads threads = new UpdateThreads(4);
    assertThat(threads.blocksOf(0)).isEqualTo(1);
    assertThat(threads.blocksOf(1_000_000)).isEqualTo(1);
    assertThat(threads.blocksOf(1_600_000)).isEqualTo(3);
    assertThat(threads.blocksOf(10_000_000)).isEqualTo(19);
    assertThat(UpdateThreads.ONE.blocksOf(10_000_000)).isEqualTo(1);
  }

  /** Each waits for the other: on one thread neither would end. */
  @Test
  void blocksRunAtTheSameTimeAndTheCallerTakesOne() {
    CountDownLatch both = new CountDownLatch(2);
    Map<Integer, Thread> on = new ConcurrentHashMap<>();
    new UpdateThreads(2)
        .run(
            2,
            (thread, block) -> {
              on.put(thread, Thread.currentThread());
              both.countDown();
              await(both);
            });
    assertThat(on).containsOnlyKeys(0, 1).containsEntry(0, Thread.currentThread());
    assertThat(on.get(1)).isNotSameAs(on.get(0)).matches(Thread::isDaemon);
  }

  @Test
  void eachBlockRunsOnceAndAThreadThatIsHeldUpHoldsNobodyUp() {
    Map<Integer, Integer> by = new ConcurrentHashMap<>();
    CountDownLatch rest = new CountDownLatch(99);
    new UpdateThreads(3)
        .run(
            100,
            (thread, block) -> {
              assertThat(by.put(block, thread)).isNull();
              if (block == 0) {
                await(rest);
              } else {
                rest.countDown();
              }
            });
    assertThat(by).hasSize(100);
  }

  /** The other thread has another task: the update ends without it. */
  @Test
  void aThreadThatDoesNotComeIsNotWaitedFor() {
    UpdateThreads threads = new UpdateThreads(2);
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch isBusy = new CountDownLatch(1);
    Thread first =
        new Thread(
            () ->
                threads.run(
                    2,
                    (thread, block) -> {
                      if (thread == 1) {
                        isBusy.countDown();
                      }
                      await(thread == 1 ? held : isBusy);
                    }));
    first.start();
    await(isBusy);
    AtomicInteger done = new AtomicInteger();
    threads.run(50, (thread, block) -> done.incrementAndGet());
    assertThat(done).hasValue(50);
    assertThat(first.isAlive()).isTrue();
    held.countDown();
  }

  @Test
  void aBlockThatFailsFailsTheUpdateAfterTheOthersHaveEnded() {
    for (int failing : List.of(0, 1, 2)) {
      AtomicInteger ended = new AtomicInteger();
      assertThatThrownBy(
              () ->
                  new UpdateThreads(3)
                      .run(
                          3,
                          (thread, block) -> {
                            if (block == failing) {
                              throw new IllegalArgumentException("block " + block);
                            }
                            // Longer than the one that fails, which must not end the wait.
                            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
                            ended.incrementAndGet();
                          }))
          .hasStackTraceContaining("block " + failing);
      assertThat(ended).hasValue(2);
    }
    assertThatThrownBy(() -> new UpdateThreads(0)).hasMessageContaining("0 threads");
    assertThat(IntStream.of(UpdateThreads.ofThisProcess().count())).allMatch(n -> n >= 1 && n <= 4);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
