package io.stagecoach.spark.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.engine.profile.HopTimes;
import io.stagecoach.spark.cluster.EveryExecutor.Answer;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.doctor.ClockCheck.Reading;
import io.stagecoach.spark.exchange.ExchangeKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the checks of an application make of what they see, good and bad. */
class ApplicationChecksTest {

  private static final long MIB = 1L << 20;

  @TempDir private Path directory;

  private static void ok(Finding finding, String... words) {
    assertThat(finding).isInstanceOf(Finding.Ok.class);
    assertThat(finding.found()).contains(words);
  }

  private static void warn(Finding finding, String... words) {
    assertThat(finding).isInstanceOf(Finding.Warn.class);
    assertThat(finding.found() + " -> " + finding.remedy()).contains(words);
  }

  private static void error(Finding finding, String... words) {
    assertThat(finding).isInstanceOf(Finding.Trouble.class);
    assertThat(finding.found() + " -> " + finding.remedy()).contains(words);
  }

  @Test
  void sparksSettingsAreJudgedAsByARun() {
    SparkConf yarn = new SparkConf(false).setMaster("yarn");
    ok(SparkSettingsCheckup.judge(yarn, 2), "none");
    error(
        SparkSettingsCheckup.judge(yarn.set("spark.speculation", "true"), 2),
        "spark.speculation is true",
        "spark.speculation=false");
  }

  @Test
  void everyStageHasAnExecutor() {
    ok(ExecutorCountCheck.judge(3, 2), "3 executors, 2 stages");
    error(ExecutorCountCheck.judge(1, 2), "1 executor, 2 stages", "spark.executor.instances");
  }

  @Test
  void theOverheadIsEnoughForTheModel() {
    SparkConf yarn = new SparkConf(false).setMaster("yarn").set("spark.executor.memory", "1g");
    ModelNeed need = new ModelNeed(200 * MIB, MIB);
    ok(MemoryOverheadCheck.judge(yarn, need, 150 * MIB), "384.0 MiB by default");
    error(
        MemoryOverheadCheck.judge(yarn, need, 250 * MIB),
        "taken without a stage 250.0 MiB, needed by the stages 200.0 MiB",
        // A quarter more than 200, and 250: in steps of 128.
        "spark.executor.memoryOverhead=512m");
    yarn.set("spark.executor.memoryOverhead", "1g");
    ok(MemoryOverheadCheck.judge(yarn, need, 250 * MIB), "1.0 GiB");
    yarn.set("spark.executor.memoryOverhead", "100");
    error(MemoryOverheadCheck.judge(yarn, ModelNeed.NONE, 250 * MIB), "100.0 MiB");
    // Nobody ends an executor of a local cluster for its memory.
    warn(
        MemoryOverheadCheck.judge(yarn.setMaster("local-cluster[2,1,1024]"), need, 250 * MIB),
        "100.0 MiB");
  }

  @Test
  void clocksAreTheSame() {
    ok(ClockCheck.judge(List.of(new Reading("1 on a", 1000, 1100, 1200))), "200 ms");
    // Read within 200 ms: whoever is off by less cannot be told from who is not.
    ok(ClockCheck.judge(List.of(new Reading("1 on a", 1000, 900, 1200))), "none is off");
    warn(
        ClockCheck.judge(
            List.of(
                new Reading("1 on a", 1000, 1100, 1200), new Reading("2 on b", 9000, 1000, 9100))),
        "executor 2 on b is 8 s off",
        "time server");
    error(ClockCheck.judge(List.of(new Reading("1 on a", 1000, 700_000, 1200))), "698 s");
  }

  @Test
  void hopsAreFast() {
    // 0.3 ms, and 1 ns a byte are 1,000 MB/s.
    ok(
        NetworkCheck.judge(new HopTimes(300_000, 1), ExchangeKind.STREAMING),
        "0.30 ms a hop",
        "1000 MB/s");
    ok(NetworkCheck.judge(new HopTimes(300_000, 0), ExchangeKind.STREAMING), "however large");
    warn(NetworkCheck.judge(new HopTimes(50_000_000, 1), ExchangeKind.STREAMING), "50.00 ms");
    ok(NetworkCheck.judge(new HopTimes(50_000_000, 1), ExchangeKind.SHUFFLE), "50.00 ms");
    warn(NetworkCheck.judge(new HopTimes(300_000, 100), ExchangeKind.SHUFFLE), "10 MB/s");
  }

  @Test
  void aFolderIsWrittenToAndLeftAsItWas() throws IOException {
    FolderCheck check = new FolderCheck("output folder", Settings.OUTPUT_PATH);
    String yetToBeMade = directory.resolve("to/be/made").toString();
    ok(
        check.judge(Optional.of(yetToBeMade), new Configuration()),
        "written, renamed, read and deleted",
        directory.toString(),
        "free");
    assertThat(directory).isEmptyDirectory();
    ok(check.judge(Optional.empty(), new Configuration()), "spark.stagecoach.output.path");

    error(
        check.judge(Optional.of("nosuchscheme://host/path"), new Configuration()),
        "nosuchscheme",
        "spark.stagecoach.output.path");
  }

  @Test
  void whatIsWrittenIsKnownAgain() throws IOException {
    Configuration hadoop = new Configuration();
    FileSystem files = FileSystem.getLocal(hadoop);
    try (FolderProbe probe = FolderProbe.in(directory.toString(), hadoop)) {
      org.apache.hadoop.fs.Path written = probe.write();
      assertThat(FolderProbe.holds(files, written)).isTrue();
      Path other = Files.writeString(directory.resolve("other"), "something else");
      assertThat(FolderProbe.holds(files, new org.apache.hadoop.fs.Path(other.toUri()))).isFalse();
      Files.delete(other);
    }
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void everyExecutorReadsTheDriversFile() {
    ok(
        SharedFolderCheck.judge(
            "hdfs:///batches", List.of(new Answer("0 on a", ""), new Answer("1 on b", ""))),
        "hdfs:///batches");
    error(
        SharedFolderCheck.judge(
            "/tmp/batches",
            List.of(new Answer("0 on a", ""), new Answer("1 on b", "does not see it"))),
        "executor 1 on b does not see it",
        "spark.stagecoach.batchStore.path");
  }
}
