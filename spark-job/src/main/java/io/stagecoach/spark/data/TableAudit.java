package io.stagecoach.spark.data;

import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.MissingValues;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * What one pass over a table finds: how many rows there are and what is wrong with which, the names
 * of the classes, the statistics of the training part, and a sum that identifies the content. Its
 * result does not depend on the order of the rows.
 */
final class TableAudit implements Serializable {

  /** An example is the row with the least rank, so that every run names the same. */
  private record Example(long rank, String text) implements Serializable {}

  private final RowCheck check;
  private final int mostNames;
  private final boolean collectNames;
  private final InputStatistics statistics;

  private final Map<Finding, Long> counts = new EnumMap<>(Finding.class);
  private final Map<Finding, Example> examples = new EnumMap<>(Finding.class);
  private final TreeSet<String> names = new TreeSet<>();
  private final TreeMap<String, Long> classes = new TreeMap<>();
  private long rows;
  private long training;
  private long validation;
  private long counting;
  private long unknownCategories;
  private long content;

  /**
   * @param mostNames after how many names of classes no more are collected; 0 for no names
   * @param statistics where the features of the training part are added, or null
   */
  TableAudit(RowCheck check, int mostNames, InputStatistics statistics) {
    this.check = check;
    this.mostNames = mostNames;
    this.collectNames = mostNames > 0;
    this.statistics = statistics;
  }

  TableAudit add(InternalRow row) {
    long rank = row.getLong(StoreRows.RANK);
    rows++;
    content += Long.rotateLeft(check.identity(row) * 0x9E3779B97F4A7C15L, 31) * 0xBF58476D1CE4E5B9L;
    Finding finding = check.find(row);
    if (finding != Finding.NONE) {
      counts.merge(finding, 1L, Long::sum);
      Example known = examples.get(finding);
      if (known == null || rank < known.rank()) {
        examples.put(finding, new Example(rank, check.describe(row, finding)));
      }
      return this;
    }
    if (row.getBoolean(StoreRows.VALIDATION)) {
      validation++;
    } else {
      training++;
      counting += check.weight(row) > 0 ? 1 : 0;
      for (String label : check.classes(row)) {
        classes.merge(label, 1L, Long::sum);
      }
      if (statistics != null) {
        statistics.add(row);
      }
    }
    unknownCategories += check.hasUnknownCategory(row) ? 1 : 0;
    if (collectNames && names.size() < mostNames) {
      names.add(check.name(row));
    }
    return this;
  }

  TableAudit add(TableAudit other) {
    rows += other.rows;
    training += other.training;
    validation += other.validation;
    content += other.content;
    counting += other.counting;
    unknownCategories += other.unknownCategories;
    other.classes.forEach((label, count) -> classes.merge(label, count, Long::sum));
    other.counts.forEach((finding, count) -> counts.merge(finding, count, Long::sum));
    other.examples.forEach(
        (finding, example) ->
            examples.merge(finding, example, (a, b) -> a.rank() <= b.rank() ? a : b));
    names.addAll(other.names);
    if (statistics != null) {
      statistics.add(other.statistics);
    }
    return this;
  }

  /**
   * @param missing what happens to rows in which something is missing
   * @throws StagecoachException of kind DATA with everything that was found
   */
  void requireNothingFound(MissingValues missing) {
    List<String> problems = new ArrayList<>();
    List<String> remedies = new ArrayList<>();
    counts.forEach(
        (finding, count) -> {
          if (!finding.isDroppable() || missing != MissingValues.DROP) {
            problems.add(
                count
                    + " of "
                    + rows
                    + " rows "
                    + finding.what()
                    + ", for example "
                    + examples.get(finding).text());
            remedies.add(finding.remedy());
          }
        });
    if (!problems.isEmpty()) {
      throw DataErrors.data(String.join("; ", problems), String.join(" ", remedies));
    }
  }

  /** How many rows were read. */
  long rows() {
    return rows;
  }

  /** How many rows were read and dropped, and how many examples are left. */
  PreparedData.Counts counts() {
    long dropped =
        counts.entrySet().stream()
            .filter(found -> found.getKey().isDroppable())
            .mapToLong(Map.Entry::getValue)
            .sum();
    return new PreparedData.Counts(rows, dropped, training, validation, unknownCategories);
  }

  /** How many rows of the training part count for more than nothing. */
  long counting() {
    return counting;
  }

  /** How many labels of the training part each class has, where weights depend on it. */
  Map<String, Long> classes() {
    return new TreeMap<>(classes);
  }

  /** The names of the classes, sorted. */
  List<String> names() {
    return List.copyOf(names);
  }

  /** The statistics of the training part, or null. */
  InputStatistics statistics() {
    return statistics;
  }

  /** Identifies the rows as a set with repetitions, whatever their order. */
  String content() {
    return rows + ":" + Long.toHexString(content);
  }
}
