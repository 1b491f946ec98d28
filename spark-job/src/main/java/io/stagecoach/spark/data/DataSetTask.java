package io.stagecoach.spark.data;

import io.stagecoach.batch.ChunkStorage;
import io.stagecoach.batch.ColumnData;
import io.stagecoach.batch.ColumnSpec;
import io.stagecoach.batch.Slice;
import io.stagecoach.error.StagecoachException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Writes the chunks of a partition of data sets, in the order of the examples.
 *
 * @param columns which arrays become which columns
 * @param specs the columns that every data set has
 * @param storage where the chunks go
 * @param chunkRows how many examples a chunk has; the last of a partition may have fewer
 */
record DataSetTask(
    DataSetColumns columns, List<ColumnSpec> specs, ChunkStorage storage, int chunkRows)
    implements Serializable {

  /** Writes the chunks of a partition. */
  Iterator<ChunkTask.Written> write(int partition, Iterator<MultiDataSet> sets) {
    List<ChunkTask.Written> written = new ArrayList<>();
    Rows rows = new Rows();
    long example = 0;
    while (sets.hasNext()) {
      List<double[]> values = values(sets.next(), partition, example);
      int count = values.get(0).length / specs.get(0).rowElements();
      for (int first = 0; first < count; ) {
        int some = Math.min(count - first, chunkRows - rows.count);
        rows.add(values, first, some);
        first += some;
        if (rows.count == chunkRows) {
          written.add(write(partition, written.size(), rows));
        }
      }
      example += count;
    }
    if (rows.count > 0) {
      written.add(write(partition, written.size(), rows));
    }
    return written.iterator();
  }

  private ChunkTask.Written write(int partition, int piece, Rows rows) {
    return ChunkTask.write(storage, Slice.Split.TRAINING, partition, piece, rows.take());
  }

  /** The numbers of each column, in c order, after a look at whether they are what they must be. */
  private List<double[]> values(MultiDataSet set, int partition, long example) {
    List<DataSetColumns.Part> parts = columns.parts(set);
    List<String> names = parts.stream().map(DataSetColumns.Part::name).toList();
    List<String> expected = specs.stream().map(ColumnSpec::name).toList();
    if (!names.equals(expected)) {
      throw wrong(
          partition,
          example,
          "has " + names + ", not " + expected + " as the first one",
          "Give all examples masks, of ones where nothing is masked, or none.");
    }
    List<double[]> values = new ArrayList<>();
    for (int i = 0; i < specs.size(); i++) {
      ColumnSpec spec = specs.get(i);
      DataSetColumns.Part part = parts.get(i);
      long rows = part.array().size(0);
      if (rows != parts.get(0).array().size(0) || !isLike(part.rowShape(), spec.rowShape())) {
        throw wrong(
            partition,
            example,
            "has "
                + part.name()
                + " of the shape "
                + Arrays.toString(part.array().shape())
                + ", not "
                + parts.get(0).array().size(0)
                + " times "
                + spec.rowShape()
                + " as the first one",
            "Bring all examples to one shape, sequences by padding and masks.");
      }
      values.add(finite(part, partition, example));
    }
    return values;
  }

  /** Whether an example has a column's shape, which may have got an axis of one number. */
  private static boolean isLike(List<Integer> row, List<Integer> column) {
    return row.equals(column)
        || (row.size() == 1 && column.size() == 2 && column.equals(List.of(1, row.get(0))));
  }

  private static double[] finite(DataSetColumns.Part part, int partition, long example) {
    double[] values;
    try (INDArray copy = part.array().dup('c')) {
      values = copy.data().asDouble();
    }
    int length = Math.max(1, values.length / (int) part.array().size(0));
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i])) {
        throw wrong(
            partition,
            example + i / length,
            "has " + values[i] + " in its " + part.name(),
            "Mend the data, or filter such examples out.");
      }
    }
    return values;
  }

  private static StagecoachException wrong(
      int partition, long example, String what, String remedy) {
    return DataErrors.data(
        "example " + example + " of partition " + partition + " of the RDD " + what, remedy);
  }

  /** The examples of the next chunk. */
  private final class Rows {

    private final List<List<double[]>> pieces =
        specs.stream()
            .map(spec -> (List<double[]>) new ArrayList<double[]>())
            .collect(Collectors.toList());
    private int count;

    void add(List<double[]> values, int first, int some) {
      for (int i = 0; i < values.size(); i++) {
        int length = specs.get(i).rowElements();
        pieces
            .get(i)
            .add(Arrays.copyOfRange(values.get(i), first * length, (first + some) * length));
      }
      count += some;
    }

    List<ColumnData> take() {
      List<ColumnData> data = new ArrayList<>();
      for (int i = 0; i < specs.size(); i++) {
        data.add(TableChunks.column(specs.get(i), TableChunks.concatenated(pieces.get(i))));
        pieces.get(i).clear();
      }
      count = 0;
      return data;
    }
  }
}
