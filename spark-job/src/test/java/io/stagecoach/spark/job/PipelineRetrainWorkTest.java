package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.data.LocalSpark;
import io.stagecoach.spark.job.retrain.IntervalKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whether an interval has something new. */
class PipelineRetrainWorkTest {

  @TempDir Path directory;

  private Optional<String> nothingNew(String interval, String... namesAndValues) {
    SparkConf template = new SparkConf(false);
    template.set("spark.stagecoach.data.features", "a");
    for (int i = 0; i < namesAndValues.length; i += 2) {
      template.set("spark.stagecoach.data." + namesAndValues[i], namesAndValues[i + 1]);
    }
    try (StopRequest stop = StopRequest.listen()) {
      return new PipelineRetrainWork(
              LocalSpark.session(), template, new IntervalKey(interval), new RunRecord(), stop)
          .nothingNew();
    }
  }

  private String write(String name, String text) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text).toString();
  }

  @Test
  void rowsAreThereOrNot() throws IOException {
    String table = write("t.csv", "day,a,label\n2026-11-18,1,0\n");
    assertThat(nothingNew("2026-11-18", "path", table, "filter", "day = '{interval}'")).isEmpty();
    assertThat(nothingNew("2026-11-19", "path", table, "filter", "day = '{interval}'"))
        .hasValueSatisfying(why -> assertThat(why).contains("no rows of the interval 2026-11-19"));
  }

  @Test
  void documentsAreThereOrNot() throws IOException {
    String table = write("t.csv", "day,body\n2026-11-18,a text\n");
    String filter = "day = '{interval}'";
    assertThat(nothingNew("2026-11-18", "path", table, "filter", filter, "text", "body")).isEmpty();
    assertThat(nothingNew("2026-11-19", "path", table, "filter", filter, "text", "body"))
        .isPresent();
  }

  /** A path of the interval's own is not there before its first row is. */
  @Test
  void thePathIsThereOrNot() throws IOException {
    write("day=2026-11-18/t.csv", "a,label\n1,0\n");
    String path = directory + "/day={interval}/*.csv";
    assertThat(nothingNew("2026-11-18", "path", path, "format", "csv")).isEmpty();
    assertThat(nothingNew("2026-11-19", "path", path, "format", "csv"))
        .hasValueSatisfying(why -> assertThat(why).contains("nothing is at", "day=2026-11-19"));
  }

  /** Another path that is not there is a mistake. */
  @Test
  void aPathOfNoIntervalMustBeThere() {
    assertThatThrownBy(
            () ->
                nothingNew(
                    "2026-11-19",
                    "path",
                    directory + "/nowhere.csv",
                    "filter",
                    "day = '{interval}'"))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.DATA));
  }
}
