package io.stagecoach.spark.score;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Puts what a network makes of rows behind those of their columns that are kept.
 *
 * @param columns what becomes of it
 * @param kept how many of a row's columns are kept, the first ones
 */
record PredictedRows(OutputColumns columns, int kept) implements Serializable {

  /**
   * @param outputs of each output of the network, in DL4J's order, with an example for each row;
   *     borrowed
   */
  List<Row> of(List<Row> rows, List<INDArray> outputs) {
    List<List<ExampleOutput>> examples = outputs.stream().map(PredictedRows::split).toList();
    List<Row> predicted = new ArrayList<>(rows.size());
    for (int i = 0; i < rows.size(); i++) {
      int index = i;
      predicted.add(
          joined(rows.get(i), examples.stream().map(output -> output.get(index)).toList()));
    }
    return predicted;
  }

  private static List<ExampleOutput> split(INDArray output) {
    if (output.rank() != 2 && output.rank() != 3) {
      throw new StagecoachException(
          ErrorKind.MODEL,
          "The network's output has the shape "
              + Arrays.toString(output.shape())
              + ", which no columns are made of",
          "Score with a network whose outputs are vectors or sequences.");
    }
    int timeSteps = output.rank() == 3 ? (int) output.size(2) : 1;
    int length = (int) (output.length() / output.size(0));
    double[] flat;
    try (INDArray rowAfterRow = output.dup('c')) {
      flat = rowAfterRow.data().asDouble();
    }
    List<ExampleOutput> examples = new ArrayList<>();
    for (int i = 0; i < output.size(0); i++) {
      double[] values = new double[length];
      System.arraycopy(flat, i * length, values, 0, length);
      examples.add(new ExampleOutput(values, timeSteps));
    }
    return examples;
  }

  private Row joined(Row row, List<ExampleOutput> example) {
    List<Object> predicted = columns.of(example);
    Object[] values = new Object[kept + predicted.size()];
    for (int i = 0; i < kept; i++) {
      values[i] = row.get(i);
    }
    for (int i = 0; i < predicted.size(); i++) {
      values[kept + i] = predicted.get(i);
    }
    return RowFactory.create(values);
  }
}
