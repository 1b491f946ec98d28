package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.spark.config.StagecoachConf;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointPlaceTest {

  @TempDir Path directory;

  private String place(SparkConf settings, String output) {
    return CheckpointPlace.of(
            StagecoachConf.from(settings),
            OutputDirectory.open(directory.resolve(output).toString(), false, new Configuration()),
            new Configuration())
        .storage()
        .toString();
  }

  @Test
  void isBesideTheOutput() {
    assertThat(place(new SparkConf(false), "a/out"))
        .endsWith(directory.resolve("a/out.checkpoints").toString());
  }

  /** Jobs may share the directory: none finds another one's. */
  @Test
  void hasAFolderForEachOutput() {
    SparkConf settings =
        new SparkConf(false)
            .set("spark.stagecoach.checkpoint.path", directory.resolve("all").toString());
    String one = place(settings, "a/out");
    assertThat(one).contains(directory.resolve("all") + "/out-");
    assertThat(place(settings, "a/out")).isEqualTo(one);
    assertThat(place(settings, "b/out")).isNotEqualTo(one);
  }
}
