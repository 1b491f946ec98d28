package io.stagecoach.spark.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.StagecoachConf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptsTest {

  @TempDir Path folder;

  private static void assertData(ThrowingCallable call, String... says) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.DATA))
        .hasMessageContainingAll(says);
  }

  @Test
  void eachLineOfAFileIsAPromptAndAnEmptyOneToo() throws IOException {
    Path file = Files.writeString(folder.resolve("prompts.txt"), "the coach\n\né 🚋 \nlast");
    assertThat(Prompts.inFile(file.toString(), new Configuration(false)))
        .containsExactly("the coach", "", "é 🚋 ", "last");
    assertData(
        () -> Prompts.inFile(folder.resolve("none").toString(), new Configuration(false)),
        "none",
        "spark.stagecoach.generate.prompts");
  }

  private StagecoachConf table(List<String> prompts, Map<String, String> settings) {
    SparkSession spark = LocalSpark.session();
    List<Row> rows = new ArrayList<>();
    prompts.forEach(prompt -> rows.add(RowFactory.create(rows.size(), prompt)));
    String path = folder.resolve("table").toString();
    spark
        .createDataFrame(
            rows,
            new StructType()
                .add("id", DataTypes.IntegerType)
                .add("start", DataTypes.StringType, true))
        .coalesce(1)
        .write()
        .parquet(path);
    SparkConf conf = new SparkConf(false);
    conf.set("spark.stagecoach.data.path", path);
    conf.set("spark.stagecoach.data.format", "parquet");
    settings.forEach((name, value) -> conf.set("spark.stagecoach." + name, value));
    return StagecoachConf.from(conf);
  }

  @Test
  void theTextsOfAColumnArePromptsInTheirOrder() {
    List<String> prompts = List.of("b", "", "a", "c, d\n");
    assertThat(Prompts.inColumn(LocalSpark.session(), table(prompts, Map.of()), "start"))
        .isEqualTo(prompts);
  }

  @Test
  void missingPromptsAreRefusedOrLeftOut() {
    List<String> prompts = new ArrayList<>(List.of("a", "b"));
    prompts.add(1, null);
    StagecoachConf strict = table(prompts, Map.of());
    assertData(
        () -> Prompts.inColumn(LocalSpark.session(), strict, "start"),
        "1 rows",
        "spark.stagecoach.data.missing=drop");
  }

  @Test
  void rowsWithoutAPromptMayBeLeftOut() {
    List<String> prompts = new ArrayList<>(List.of("a", "b"));
    prompts.add(1, null);
    StagecoachConf lenient = table(prompts, Map.of("data.missing", "drop"));
    assertThat(Prompts.inColumn(LocalSpark.session(), lenient, "start")).containsExactly("a", "b");
  }

  @Test
  void aColumnThatIsNotThereOrNoTextIsNamed() {
    StagecoachConf conf = table(List.of("a"), Map.of());
    assertData(
        () -> Prompts.inColumn(LocalSpark.session(), conf, "begin"),
        "begin",
        "spark.stagecoach.generate.column");
    assertData(() -> Prompts.inColumn(LocalSpark.session(), conf, "id"), "id");
  }
}
