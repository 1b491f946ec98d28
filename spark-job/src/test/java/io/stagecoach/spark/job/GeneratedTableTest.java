package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.model.text.GeneratedText;
import io.stagecoach.model.text.GeneratedText.Finish;
import io.stagecoach.spark.data.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GeneratedTableTest {

  @TempDir Path folder;

  @Test
  void holdsEachPromptAndWhatBecameOfItInOrder() throws IOException {
    SparkSession spark = LocalSpark.session();
    Path path = folder.resolve("texts");
    OutputDirectory output = OutputDirectory.open(path.toString(), false, new Configuration(false));
    new GeneratedTable(output)
        .write(
            spark,
            List.of(
                new GeneratedText("é 🚋", " ging\n", 7, Finish.LENGTH),
                new GeneratedText("", "", 0, Finish.END),
                new GeneratedText("a,\"b\"", "c", 3, Finish.STOP)));
    Dataset<Row> table = spark.read().parquet(path.toString());
    assertThat(table.columns()).containsExactly("prompt", "text", "tokens", "finish");
    assertThat(table.collectAsList())
        .containsExactly(
            RowFactory.create("é 🚋", " ging\n", 7, "length"),
            RowFactory.create("", "", 0, "end"),
            RowFactory.create("a,\"b\"", "c", 3, "stop"));
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).as("nothing half written is left beside it").containsExactly(path);
    }
  }
}
