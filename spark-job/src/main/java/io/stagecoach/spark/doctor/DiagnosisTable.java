package io.stagecoach.spark.doctor;

import io.stagecoach.spark.doctor.Diagnosis.Row;
import java.util.ArrayList;
import java.util.List;

/** A line for each row, and below it what to do. */
final class DiagnosisTable {

  private static final List<String> HEAD = List.of("check", "where", "", "found, and what to do");

  private final List<Row> rows;

  DiagnosisTable(List<Row> rows) {
    this.rows = rows;
  }

  /** The whole text, ending with a line feed. */
  String text() {
    List<List<String>> lines = new ArrayList<>();
    lines.add(HEAD);
    for (Row row : rows) {
      Finding finding = row.finding();
      lines.add(List.of(row.check(), row.where(), finding.word(), oneLine(finding.found())));
      if (!finding.remedy().isEmpty()) {
        lines.add(List.of("", "", "", "-> " + oneLine(finding.remedy())));
      }
    }
    int[] width = new int[HEAD.size() - 1];
    for (List<String> line : lines) {
      for (int column = 0; column < width.length; column++) {
        width[column] = Math.max(width[column], line.get(column).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> line : lines) {
      for (int column = 0; column < width.length; column++) {
        String cell = line.get(column);
        text.append(cell).append(" ".repeat(width[column] - cell.length() + 2));
      }
      text.append(line.get(width.length)).append(System.lineSeparator());
    }
    return text.toString();
  }

  private static String oneLine(String text) {
    return text.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
