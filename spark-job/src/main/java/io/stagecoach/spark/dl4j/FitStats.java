package io.stagecoach.spark.dl4j;

import io.stagecoach.report.ReportTable;
import io.stagecoach.report.RunReport;
import java.io.IOException;
import java.io.Serial;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.SparkContext;
import org.deeplearning4j.spark.api.stats.SparkTrainingStats;
import org.deeplearning4j.spark.stats.BaseEventStats;
import org.deeplearning4j.spark.stats.EventStats;
import org.deeplearning4j.spark.util.SparkUtils;

/** How long a training master took for what, and the report of its last fit. */
final class FitStats implements SparkTrainingStats {

  @Serial private static final long serialVersionUID = 1L;

  private static final String LAY_OUT = "PipelineLayOutTimesMs";
  private static final String FIT = "PipelineFitTimesMs";
  private static final Map<String, String> SHORT_NAMES = Map.of(LAY_OUT, "LayOut", FIT, "Fit");

  private final LinkedHashMap<String, ArrayList<EventStats>> events = new LinkedHashMap<>();
  private String table = "";

  FitStats() {
    events.put(LAY_OUT, new ArrayList<>());
    events.put(FIT, new ArrayList<>());
  }

  /** Something that has just ended. */
  private void ended(String key, long began) {
    events.get(key).add(new BaseEventStats(began, System.currentTimeMillis() - began));
  }

  /**
   * The examples are laid out.
   *
   * @param began when that began, in milliseconds since 1970
   */
  void laidOut(long began) {
    ended(LAY_OUT, began);
  }

  /**
   * A fit has ended.
   *
   * @param began when it began, in milliseconds since 1970
   */
  void fitted(long began, RunReport report) {
    ended(FIT, began);
    table = ReportTable.text(report);
  }

  @Override
  public Set<String> getKeySet() {
    return events.keySet();
  }

  @Override
  public List<EventStats> getValue(String key) {
    return events.get(key);
  }

  @Override
  public String getShortNameForKey(String key) {
    return SHORT_NAMES.get(key);
  }

  @Override
  public boolean defaultIncludeInPlots(String key) {
    return events.containsKey(key);
  }

  @Override
  public void addOtherTrainingStats(SparkTrainingStats other) {
    for (String key : other.getKeySet()) {
      events.computeIfAbsent(key, name -> new ArrayList<>()).addAll(other.getValue(key));
    }
  }

  @Override
  public SparkTrainingStats getNestedTrainingStats() {
    return null;
  }

  @Override
  public String statsAsString() {
    StringBuilder text = new StringBuilder();
    events.forEach(
        (key, list) ->
            text.append(String.format(DEFAULT_PRINT_FORMAT, key))
                .append(durations(list))
                .append('\n'));
    return text.append(table).toString();
  }

  private static String durations(List<EventStats> list) {
    return list.stream()
        .map(event -> Long.toString(event.getDurationMs()))
        .collect(Collectors.joining(","));
  }

  /** Writes a file for each kind of event, a line for each event, under a heading. */
  @Override
  public void exportStatFiles(String outputPath, SparkContext spark) throws IOException {
    for (Map.Entry<String, ArrayList<EventStats>> entry : events.entrySet()) {
      StringBuilder lines = new StringBuilder();
      for (EventStats event : entry.getValue()) {
        if (lines.length() == 0) {
          lines.append(event.getStringHeader(",")).append('\n');
        }
        lines.append(event.asString(",")).append('\n');
      }
      SparkUtils.writeStringToFile(
          outputPath + "/" + entry.getKey() + ".txt", lines.toString(), spark);
    }
  }
}
