package io.stagecoach.engine.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
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
  void littleWorkIsNotSharedAndMuchAmongAll() {
    UpdateThreads threads = new UpdateThreads(4);
    assertThat(threads.sharesOf(0)).isEqualTo(1);
    assertThat(threads.sharesOf(1000)).isEqualTo(1);
    assertThat(threads.sharesOf(200_000)).isEqualTo(3);
    assertThat(threads.sharesOf(10_000_000)).isEqualTo(4);
    assertThat(UpdateThreads.ONE.sharesOf(10_000_000)).isEqualTo(1);
  }

  /** Each waits for the other: on one thread neither would end. */
  @Test
  void sharesRunAtTheSameTimeAndTheCallerTakesOne() {
    CountDownLatch both = new CountDownLatch(2);
    Set<Thread> on = ConcurrentHashMap.newKeySet();
    new UpdateThreads(2)
        .run(
            2,
            share -> {
              on.add(Thread.currentThread());
              both.countDown();
              try {
                assertThat(both.await(20, TimeUnit.SECONDS)).isTrue();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    assertThat(on).hasSize(2).contains(Thread.currentThread());
    assertThat(on.stream().filter(thread -> thread != Thread.currentThread()))
        .allMatch(Thread::isDaemon);
  }

  @Test
  void aShareThatFailsFailsTheUpdateAfterTheOthersHaveEnded() {
    for (int failing : List.of(0, 1, 2)) {
      AtomicInteger ended = new AtomicInteger();
      assertThatThrownBy(
              () ->
                  new UpdateThreads(3)
                      .run(
                          3,
                          share -> {
                            if (share == failing) {
                              throw new IllegalArgumentException("share " + share);
                            }
                            // Longer than the one that fails, which must not end the wait.
                            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
                            ended.incrementAndGet();
                          }))
          .hasStackTraceContaining("share " + failing);
      assertThat(ended).hasValue(2);
    }
    assertThatThrownBy(() -> new UpdateThreads(0)).hasMessageContaining("0 threads");
    assertThat(IntStream.of(UpdateThreads.ofThisProcess().count())).allMatch(n -> n >= 1 && n <= 4);
  }
}
