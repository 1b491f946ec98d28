package io.stagecoach.spark.job;

import io.stagecoach.model.text.GeneratedText;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Where what became of a table's prompts goes, as Parquet: {@code prompt}, {@code text} that
 * follows it, {@code tokens}, and {@code finish}, a word for why it ends.
 */
record GeneratedTable(OutputDirectory output) {

  private static final StructType SCHEMA =
      new StructType()
          .add("prompt", DataTypes.StringType, false)
          .add("text", DataTypes.StringType, false)
          .add("tokens", DataTypes.IntegerType, false)
          .add("finish", DataTypes.StringType, false);

  void write(SparkSession spark, List<GeneratedText> texts) {
    List<Row> rows =
        texts.stream()
            .map(
                text ->
                    RowFactory.create(
                        text.prompt(), text.text(), text.tokens(), text.finish().word()))
            .toList();
    output.commit(path -> spark.createDataFrame(rows, SCHEMA).coalesce(1).write().parquet(path));
    System.out.println("The texts are at " + output.path());
  }
}
