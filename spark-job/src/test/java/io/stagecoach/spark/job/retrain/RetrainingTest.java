package io.stagecoach.spark.job.retrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.PromotionMetric;
import io.stagecoach.spark.config.RerunKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Intervals one after another in a model folder on a disk; what trains is {@link Lake}. */
class RetrainingTest {

  private static final Duration LEASE = Duration.ofHours(1);
  private static final long EVER = Long.MAX_VALUE;

  /** Reading Hadoop's own settings takes longer than all that is done here. */
  private static final Configuration HADOOP = new Configuration();

  @TempDir Path directory;
  private final Lake lake = new Lake();
  private final MovableClock clock = new MovableClock();
  private Path root;
  private int keep;

  @BeforeEach
  void folder() {
    root = directory.resolve("models");
  }

  private DyingFiles files(long operations) throws IOException {
    return new DyingFiles(new HadoopFolderFiles(root.toString(), HADOOP), operations);
  }

  private Retraining.Outcome run(String day, RerunKind rerun, FolderFiles files) {
    return new Retraining(
            new ModelFolder(files),
            lake.on(day),
            new PromotionRule(PromotionMetric.LOSS, 0.0001, 0.1),
            rerun,
            LEASE,
            keep,
            clock)
        .run(new IntervalKey(day));
  }

  private Retraining.Outcome run(String day) throws IOException {
    return run(day, RerunKind.SKIP, files(EVER));
  }

  private Accepted accepted() throws IOException {
    return new ModelFolder(files(EVER)).accepted().orElseThrow();
  }

  private double acceptedError() throws IOException {
    return Lake.error(new ModelFolder(files(EVER)).acceptedPath().orElseThrow());
  }

  private static String day(int of) {
    return String.format(Locale.ROOT, "2026-11-%02d", of);
  }

  private Set<String> models() throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .filter(file -> file.endsWith("model"))
          .map(file -> root.relativize(file.getParent()).toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  /** The accepted model and the one before it stay while later candidates are refused. */
  @Test
  void oldCandidatesAreRemovedButNeverTheAcceptedOne() throws IOException {
    keep = 2;
    for (int d = 1; d <= 9; d++) {
      lake.days.put(day(d), d <= 3 || d == 9 ? Lake.Day.GOOD : Lake.Day.STALE);
    }
    for (int d = 1; d <= 3; d++) {
      run(day(d));
      clock.pass(Duration.ofDays(1));
    }
    assertThat(models()).isEqualTo(attempts(2, 3));
    for (int d = 4; d <= 8; d++) {
      run(day(d));
      clock.pass(Duration.ofDays(1));
    }

    assertThat(models()).isEqualTo(attempts(2, 3, 7, 8));
    assertThat(acceptedError()).isCloseTo(0.9 * 0.9 * 0.9, within(1e-12));
    // What was decided stays on record: nothing is trained again.
    int trainings = lake.trainings.size();
    assertThat(run(day(1)).doneBefore()).isTrue();
    assertThat(lake.trainings).hasSize(trainings);

    // The accepted interval is replaced by another result: from the one before, which is there.
    clock.pass(Duration.ofDays(1));
    run(day(3), RerunKind.REPLACE, files(EVER));
    assertThat(accepted().model().attempt()).isEqualTo(2);
    run(day(9));
    assertThat(accepted().before().interval()).isEqualTo(day(3));
    assertThat(models()).contains(accepted().model().path().replace("/model", ""));
    assertThat(models()).contains(accepted().before().path().replace("/model", ""));
    assertThat(models()).hasSizeLessThanOrEqualTo(4);
  }

  private static Set<String> attempts(int... days) {
    return Arrays.stream(days)
        .mapToObj(d -> "intervals/" + day(d) + "/attempt-0001")
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The whole of a month, with what happens to those who run it every night. */
  @Test
  void aMonthOfDays() throws IOException {
    for (int d = 1; d <= 30; d++) {
      lake.days.put(day(d), Lake.Day.GOOD);
    }
    lake.days.put(day(7), Lake.Day.WRONG_LABELS);
    lake.days.put(day(11), Lake.Day.EMPTY);
    lake.days.put(day(20), Lake.Day.NOT_A_NUMBER);
    lake.days.put(day(23), Lake.Day.STALE);
    List<String> decisions = new ArrayList<>();
    double error = 1;
    for (int d = 1; d <= 30; d++) {
      String before = d == 1 ? "" : accepted().model().path();
      if (d == 15) {
        killWhileItTrains(day(d));
      }
      if (d == 20) {
        assertFails(day(d));
        decisions.add("failed");
      } else {
        Retraining.Outcome outcome = run(day(d));
        decisions.add(outcome.record().decision());
        assertThat(outcome.doneBefore()).isFalse();
        if (outcome.record().decision().equals(RetrainRecord.PROMOTED)) {
          error *= 0.9;
          assertThat(accepted().model()).isEqualTo(outcome.record().candidate().ref());
          if (d > 1) {
            assertThat(outcome.record().accepted().ref().path()).isEqualTo(before);
          }
        } else {
          assertThat(accepted().model().path()).isEqualTo(before);
        }
      }
      assertThat(acceptedError()).isCloseTo(error, within(1e-12));
    }

    List<String> expected = new ArrayList<>();
    for (int d = 1; d <= 30; d++) {
      expected.add(
          switch (d) {
            case 7, 23 -> RetrainRecord.REFUSED;
            case 11 -> RetrainRecord.NOTHING_NEW;
            case 20 -> RetrainRecord.FAILED;
            default -> RetrainRecord.PROMOTED;
          });
    }
    assertThat(decisions).isEqualTo(expected);
    assertThat(accepted().number()).isEqualTo(26);
    // Each day once, the one that was killed twice, the empty one not at all.
    assertThat(lake.trainings).hasSize(30);

    List<String> all = tree();
    for (int d = 1; d <= 30; d++) {
      if (d != 20) {
        assertThat(run(day(d)).doneBefore()).as(day(d)).isTrue();
      }
    }
    assertThat(tree()).as("run again, it does nothing").isEqualTo(all);
    assertThat(lake.trainings).hasSize(30);
    assertThat(all).noneMatch(name -> name.contains(".part") || name.endsWith(".tmp"));
    assertThat(all)
        .contains("intervals/2026-11-20/attempt-0001/failure.json")
        .doesNotContain("intervals/2026-11-20/attempt-0001/record.json");
    for (int d = 1; d <= 30; d++) {
      if (d != 20) {
        assertThat(all).contains("intervals/" + day(d) + "/attempt-0001/record.json");
      }
    }
  }

  private List<String> tree() throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      return all.map(path -> root.relativize(path).toString()).sorted().toList();
    }
  }

  /** The process is gone: its lease lasts until it ends by itself. */
  private void killWhileItTrains(String day) throws IOException {
    DyingFiles files = files(EVER);
    lake.halfWay =
        () -> {
          files.die();
          throw new Lake.Killed();
        };
    assertThatThrownBy(() -> run(day, RerunKind.SKIP, files)).isInstanceOf(Lake.Killed.class);
    lake.halfWay = () -> {};
    assertThatThrownBy(() -> run(day))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.BUSY));
    clock.pass(LEASE);
  }

  private void assertFails(String day) {
    assertThatThrownBy(() -> run(day))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NUMERIC));
  }

  /**
   * The second day's run dies with every operation on a file that it has, one after another, and is
   * started again: the folder is in the end what it would have been.
   */
  @Test
  void aRunThatDiesWithAnyOperationIsMadeGood() throws IOException {
    keep = 1;
    lake.days.put("1", Lake.Day.GOOD);
    run("1");
    Path firstDay = root;
    for (Lake.Day kind : List.of(Lake.Day.GOOD, Lake.Day.STALE, Lake.Day.EMPTY)) {
      boolean died = true;
      for (long operations = 1; died; operations++) {
        root = directory.resolve(kind + "-" + operations);
        FileUtils.copyDirectory(firstDay.toFile(), root.toFile());
        lake.days.put("2", kind);
        lake.trainings.clear();
        DyingFiles dying = files(operations);
        try {
          run("2", RerunKind.SKIP, dying);
        } catch (StagecoachException dead) {
          assertThat(dead).hasMessageContaining("dead");
        }
        died = dying.isDead();
        // Whenever somebody looks, there is an accepted model, and it is whole.
        assertThat(acceptedError()).isIn(0.9, 0.9 * 0.9);
        clock.pass(LEASE);
        String when = kind + " after " + operations;
        Retraining.Outcome outcome = run("2");
        assertThat(outcome.record().decision())
            .as(when)
            .isEqualTo(
                switch (kind) {
                  case GOOD -> RetrainRecord.PROMOTED;
                  case STALE -> RetrainRecord.REFUSED;
                  default -> RetrainRecord.NOTHING_NEW;
                });
        assertThat(accepted().number()).as(when).isEqualTo(kind == Lake.Day.GOOD ? 2 : 1);
        assertThat(acceptedError()).as(when).isEqualTo(kind == Lake.Day.GOOD ? 0.9 * 0.9 : 0.9);
        assertThat(lake.trainings.size()).as(when).isLessThanOrEqualTo(1);
        assertThat(tree())
            .as(when)
            .contains("intervals/2/attempt-0001/record.json")
            .noneMatch(name -> name.contains("attempt-0002"))
            .noneMatch(name -> name.endsWith(".part") || name.endsWith(".tmp"))
            .noneMatch(name -> name.startsWith("lease/"));
        assertThat(run("2").doneBefore()).as(when).isTrue();
      }
    }
  }

  @Test
  void twoAtOnceAreOne() throws IOException {
    lake.days.put("1", Lake.Day.GOOD);
    List<Throwable> second = new ArrayList<>();
    lake.halfWay =
        () -> {
          try {
            run("1");
          } catch (StagecoachException | IOException e) {
            second.add(e);
          }
        };
    assertThat(run("1").record().decision()).isEqualTo(RetrainRecord.PROMOTED);
    assertThat(second).singleElement().isInstanceOf(StagecoachException.class);
    assertThat(((StagecoachException) second.get(0)).kind()).isEqualTo(ErrorKind.BUSY);
    assertThat(lake.trainings).containsExactly("1");
  }

  /** Whoever was asleep while another took over must not move the pointer. */
  @Test
  void whoHasLostTheLeasePromotesNothing() throws IOException {
    lake.days.put("1", Lake.Day.GOOD);
    lake.halfWay = () -> clock.pass(LEASE);
    assertThatThrownBy(() -> run("1"))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.BUSY));
    assertThat(new ModelFolder(files(EVER)).accepted()).isEmpty();
  }

  @Test
  void aResultIsReplacedByItsOwnInterval() throws IOException {
    lake.days.put("1", Lake.Day.GOOD);
    lake.days.put("2", Lake.Day.GOOD);
    run("1");
    run("2");

    Retraining.Outcome again = run("2", RerunKind.REPLACE, files(EVER));
    assertThat(again.record().attempt()).isEqualTo(2);
    assertThat(again.record().accepted().ref().interval()).isEqualTo("1");
    assertThat(acceptedError()).as("learned once").isEqualTo(0.9 * 0.9);

    lake.days.put("2", Lake.Day.STALE);
    Retraining.Outcome refused = run("2", RerunKind.REPLACE, files(EVER));
    assertThat(refused.record().decision()).isEqualTo(RetrainRecord.REFUSED);
    assertThat(accepted().model().interval()).as("the one before is accepted").isEqualTo("1");
    assertThat(accepted().before()).isNull();

    lake.days.put("2", Lake.Day.GOOD);
    run("2", RerunKind.REPLACE, files(EVER));
    assertThat(accepted().model().interval()).isEqualTo("2");
    assertThat(accepted().number()).isEqualTo(5);
    assertThat(acceptedError()).isEqualTo(0.9 * 0.9);
  }

  /** What was trained is not trained again, unless it would be trained otherwise. */
  @Test
  void otherSettingsBeginAnotherAttempt() throws IOException {
    lake.days.put("1", Lake.Day.NOT_A_NUMBER);
    assertFails("1");
    lake.settings.put("learningRate", "0.01");
    lake.days.put("1", Lake.Day.GOOD);
    Retraining.Outcome outcome = run("1");
    assertThat(outcome.record().attempt()).isEqualTo(2);
    assertThat(outcome.record().settings()).containsEntry("learningRate", "0.01");
    assertThat(outcome.record().decision()).isEqualTo(RetrainRecord.PROMOTED);
  }

  /** Rows that come late are found when the interval is run again. */
  @Test
  void anEmptyDayIsLookedAtAgain() throws IOException {
    lake.days.put("1", Lake.Day.GOOD);
    run("1");
    assertThat(run("2").record().decision()).isEqualTo(RetrainRecord.NOTHING_NEW);
    assertThat(run("2").doneBefore()).isTrue();
    lake.days.put("2", Lake.Day.GOOD);
    assertThat(run("2").record().decision()).isEqualTo(RetrainRecord.PROMOTED);
  }

  @Test
  void aDamagedPointerIsSaid() throws IOException {
    lake.days.put("1", Lake.Day.GOOD);
    run("1");
    Files.writeString(root.resolve("accepted/0000000001.json"), "{");
    assertThatThrownBy(() -> run("2"))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.OUTPUT))
        .hasMessageContaining("0000000001.json is no pointer");
  }
}
