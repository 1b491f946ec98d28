package io.stagecoach.spark.job;

import io.stagecoach.spark.config.StagecoachConf;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** A directory of files, which takes the place of what was there as a whole. */
record ScoredFiles(OutputDirectory directory, String format) implements ScoreOutput {

  static ScoredFiles at(String path, StagecoachConf conf, Configuration hadoop) {
    return new ScoredFiles(
        OutputDirectory.open(path, conf.outputOverwrite(), hadoop), conf.scoreFormat());
  }

  @Override
  public String place() {
    return directory.path();
  }

  @Override
  public void check(Dataset<Row> kept) {}

  @Override
  public void write(Dataset<Row> rows, List<String> partitions) {
    directory.commit(
        place ->
            ScoreOutput.writing(
                () -> {
                  rows.write()
                      .format(format)
                      .partitionBy(partitions.toArray(String[]::new))
                      .save(place);
                  return place;
                }));
  }
}
