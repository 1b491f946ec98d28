package io.stagecoach.spark.job.retrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeaseTest {

  private static final IntervalKey DAY = new IntervalKey("2026-11-19");

  /** So long that none is prolonged by itself. */
  private static final Duration DURATION = Duration.ofHours(1);

  private static final Duration MORE = Duration.ofMinutes(61);

  @TempDir Path directory;
  private FolderFiles files;
  private final MovableClock clock = new MovableClock();

  @BeforeEach
  void folder() throws IOException {
    files = new HadoopFolderFiles(directory.resolve("models").toString(), new Configuration());
  }

  private Lease take() {
    return Lease.take(files, DAY, DURATION, clock);
  }

  private void assertRefused(String... why) {
    assertThatThrownBy(this::take)
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.BUSY))
        .hasMessageContainingAll(why);
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(directory.resolve("models/lease"))) {
      return all.sorted().toList();
    }
  }

  @Test
  void isOneRunsAtATime() throws IOException {
    try (Lease first = take()) {
      assertRefused("it belongs to the run of interval 2026-11-19 on ", ", until ");
      first.requireHeld();
    }
    assertThat(files()).isEmpty();
    take().close();
  }

  @Test
  void isTakenOverWhenItHasEnded() {
    try (Lease first = take()) {
      clock.pass(MORE);
      assertThatThrownBy(first::requireHeld).hasMessageContaining("not prolonged in time");
      try (Lease second = take()) {
        second.requireHeld();
        assertThatThrownBy(first::requireHeld).isInstanceOf(StagecoachException.class);
      }
    }
  }

  @Test
  void lastsWhileItIsProlonged() throws IOException {
    try (Lease first = take()) {
      for (int i = 0; i < 5; i++) {
        clock.pass(Duration.ofMinutes(40));
        first.renew();
        first.requireHeld();
        assertRefused("it belongs to");
        assertThat(files()).hasSize(1);
      }
    }
  }

  /** Whoever sleeps too long finds out, however far the other has come. */
  @Test
  void isLostToWhoeverTookItOver() throws IOException {
    for (int renewals = 0; renewals < 3; renewals++) {
      Lease first = take();
      clock.pass(MORE);
      try (Lease second = take()) {
        for (int i = 0; i < renewals; i++) {
          second.renew();
        }
        first.renew();
        assertThatThrownBy(first::requireHeld).isInstanceOf(StagecoachException.class);
        second.requireHeld();
        second.renew();
        second.requireHeld();
        first.close();
        assertThat(files()).as("what is not its own stays").hasSize(1);
      }
    }
  }

  /** A process that is known to have ended holds nobody up. */
  @Test
  void isTakenOverAtOnceFromAProcessThatHasEnded() throws IOException, InterruptedException {
    Process other = new ProcessBuilder("true").start();
    long pid = other.pid();
    other.waitFor();
    ProcessMark here = ProcessMark.current();
    ProcessMark ended = new ProcessMark(here.boot(), here.namespace(), pid, "1");
    ProcessMark elsewhere = new ProcessMark("another boot", here.namespace(), pid, "1");
    ProcessMark otherwise = new ProcessMark(here.boot(), here.namespace(), here.pid(), "1");

    assertThat(here.hasEnded()).isFalse();
    assertThat(elsewhere.hasEnded()).isFalse();
    assertThat(otherwise.hasEnded()).as("the number is another process's now").isTrue();
    assertThat(ended.hasEnded()).isTrue();

    hold(elsewhere);
    assertRefused("it belongs to the run of interval 7 on far");
    hold(ended);
    take().close();
  }

  private void hold(ProcessMark process) throws IOException {
    files.write(
        "lease/0000000003.json",
        FolderJson.write(
            new Lease.Note("me", "far", process, "7", clock.instant().plus(DURATION).toString())));
  }

  @Test
  void oneThatWasNeverFinishedEndsToo() throws IOException {
    files.write("lease/0000000004.json", new byte[] {'{'});
    assertRefused("another run is taking it");
    clock.pass(MORE);
    try (Lease lease = take()) {
      lease.requireHeld();
    }
    assertThat(files()).isEmpty();
  }

  @Test
  void ofManyAtOnceOneHasIt() throws Exception {
    int runs = 8;
    ExecutorService threads = Executors.newFixedThreadPool(runs);
    try {
      for (int round = 0; round < 20; round++) {
        CountDownLatch start = new CountDownLatch(1);
        Callable<Lease> taking =
            () -> {
              start.await();
              try {
                return take();
              } catch (StagecoachException busy) {
                assertThat(busy.kind()).isEqualTo(ErrorKind.BUSY);
                return null;
              }
            };
        List<Future<Lease>> all = new ArrayList<>();
        for (int i = 0; i < runs; i++) {
          all.add(threads.submit(taking));
        }
        start.countDown();
        List<Lease> held = new ArrayList<>();
        for (Future<Lease> one : all) {
          Lease lease = one.get();
          if (lease != null) {
            held.add(lease);
          }
        }
        assertThat(held).as("round %s", round).hasSizeLessThanOrEqualTo(1);
        held.forEach(Lease::close);
        clock.pass(MORE);
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
