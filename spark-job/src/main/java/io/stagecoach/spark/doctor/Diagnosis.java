package io.stagecoach.spark.doctor;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the doctor has found.
 *
 * @param rows in the order of the table
 * @param advice Spark's settings for the settings' model
 */
public record Diagnosis(List<Row> rows, SettingsAdvice advice) {

  public Diagnosis {
    rows = List.copyOf(rows);
  }

  /**
   * What one check has found, in one or several places alike.
   *
   * @param check its name
   * @param where where
   */
  public record Row(String check, String where, Finding finding) {}

  /** How many rows are errors. */
  public int errors() {
    return count(Finding.Trouble.class);
  }

  /** How many rows are warnings. */
  public int warnings() {
    return count(Finding.Warn.class);
  }

  private int count(Class<? extends Finding> level) {
    return (int) rows.stream().map(Row::finding).filter(level::isInstance).count();
  }

  /** Rows of the same check and the same finding become one. */
  static List<Row> merged(List<Row> rows) {
    Map<List<Object>, List<String>> places = new LinkedHashMap<>();
    for (Row row : rows) {
      places
          .computeIfAbsent(List.of(row.check(), row.finding()), any -> new ArrayList<>())
          .add(row.where());
    }
    return places.entrySet().stream()
        .map(
            entry ->
                new Row(
                    (String) entry.getKey().get(0),
                    String.join("; ", entry.getValue()),
                    (Finding) entry.getKey().get(1)))
        .toList();
  }

  /** The table as text. */
  public String table() {
    return new DiagnosisTable(rows).text();
  }
}
