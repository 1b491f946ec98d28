package io.stagecoach.spark.score;

import io.stagecoach.spark.data.FeatureRows;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.spark.sql.Row;

/**
 * The rows of a partition in batches, in their order, as far as anybody asks for them. A batch ends
 * when it is full, and where a sequence of another length follows.
 */
final class RowBatches implements Iterator<RowBatch> {

  private record Read(Row row, List<double[]> features) {}

  private final Iterator<Row> rows;
  private final FeatureRows.Batch batch;
  private final int kept;
  private final int batchRows;
  private final Scoring.Counts counts;
  private List<Row> waiting = new ArrayList<>();
  private Optional<Read> ahead = Optional.empty();

  /**
   * @param kept how many columns stand before those of the features
   * @param counts rows are counted here that are left out, or have an unknown category
   */
  RowBatches(
      Iterator<Row> rows, FeatureRows features, int kept, int batchRows, Scoring.Counts counts) {
    this.rows = rows;
    this.batch = features.batch();
    this.kept = kept;
    this.batchRows = batchRows;
    this.counts = counts;
  }

  @Override
  public boolean hasNext() {
    while (waiting.size() < batchRows) {
      if (ahead.isEmpty()) {
        ahead = read();
      }
      if (ahead.isEmpty() || !batch.takes(ahead.get().features())) {
        break;
      }
      batch.add(ahead.get().features());
      waiting.add(ahead.get().row());
      ahead = Optional.empty();
    }
    return !waiting.isEmpty();
  }

  /** The next row that is not left out. */
  private Optional<Read> read() {
    while (rows.hasNext()) {
      Row row = rows.next();
      long before = batch.unknownCategories();
      Optional<List<double[]>> features = batch.read(row, kept);
      counts.unknownCategories().add(batch.unknownCategories() - before);
      if (features.isPresent()) {
        return Optional.of(new Read(row, features.get()));
      }
      counts.dropped().add(1);
    }
    return Optional.empty();
  }

  @Override
  public RowBatch next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    RowBatch next = new RowBatch(waiting, batch.take());
    waiting = new ArrayList<>();
    return next;
  }
}
