package io.stagecoach.spark.job.outcome;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stagecoach.error.StagecoachException;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * The very last line on the standard output stream, the same for every outcome: {@code STAGECOACH
 * {json}}. Its keys and their order do not change; what is not known, or not a number, is null.
 */
public final class LastLine {

  /** What the line begins with. */
  public static final String MARK = "STAGECOACH ";

  // A line separator of Unicode inside a text would end the line for some readers.
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private final ObjectNode fields;

  private LastLine(ObjectNode fields) {
    this.fields = fields;
  }

  /** The line of a run that did what it was asked to. */
  public static LastLine succeeded(RunFigures figures) {
    ObjectNode fields = JsonNodeFactory.instance.objectNode();
    fields.put("status", "succeeded");
    putFigures(fields, figures);
    return new LastLine(fields);
  }

  /**
   * The line of a run that failed.
   *
   * @param error the first cause
   * @param figures what was known when it failed
   */
  public static LastLine failed(StagecoachException error, RunFigures figures) {
    ObjectNode fields = JsonNodeFactory.instance.objectNode();
    fields.put("status", "failed");
    putFigures(fields, figures);
    fields.put("kind", error.kind().name().toLowerCase(Locale.ROOT));
    fields.put("exit_code", error.kind().exitCode());
    fields.put("error", error.what());
    putText(fields, "where", error.where().toString());
    putText(fields, "remedy", error.remedy());
    return new LastLine(fields);
  }

  /**
   * This line with more figures at its end: what an evaluation measured, for example.
   *
   * @throws IllegalArgumentException if a name is taken already
   */
  public LastLine with(Map<String, Double> metrics) {
    ObjectNode more = fields.deepCopy();
    metrics.forEach(
        (name, value) -> {
          requireFree(more, name);
          putNumber(more, name, value);
        });
    return new LastLine(more);
  }

  /**
   * This line with a text at its end; the empty text is null.
   *
   * @throws IllegalArgumentException if the name is taken already
   */
  public LastLine withText(String name, String text) {
    ObjectNode more = fields.deepCopy();
    requireFree(more, name);
    putText(more, name, text);
    return new LastLine(more);
  }

  private static void requireFree(ObjectNode fields, String name) {
    if (fields.has(Objects.requireNonNull(name, "name"))) {
      throw new IllegalArgumentException("the last line has a field " + name + " already");
    }
  }

  /** Prints the line, and makes sure that it has left this process. */
  public void print(PrintStream out) {
    out.println(this);
    out.flush();
  }

  /** The line, without an end of line. */
  @Override
  public String toString() {
    try {
      return MARK + JSON.writeValueAsString(fields);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values could not be written", e);
    }
  }

  private static void putFigures(ObjectNode fields, RunFigures figures) {
    putCount(fields, "steps", figures.steps());
    putCount(fields, "epochs", figures.epochs());
    putNumber(fields, "loss", figures.loss());
    putNumber(fields, "validation_loss", figures.validationLoss());
    putNumber(fields, "examples_per_second", figures.examplesPerSecond());
    putNumber(fields, "bubble_measured", figures.bubbleMeasured());
    putNumber(fields, "bubble_expected", figures.bubbleExpected());
    putCount(fields, "stages", figures.stages());
    putText(fields, "exchange", figures.exchange());
    putText(fields, "model", figures.model());
  }

  private static void putCount(ObjectNode fields, String name, long count) {
    if (count < 0) {
      fields.putNull(name);
    } else {
      fields.put(name, count);
    }
  }

  private static void putNumber(ObjectNode fields, String name, Double value) {
    if (value == null || !Double.isFinite(value)) {
      fields.putNull(name);
    } else {
      fields.put(name, value);
    }
  }

  private static void putText(ObjectNode fields, String name, String text) {
    if (text.isEmpty()) {
      fields.putNull(name);
    } else {
      fields.put(name, text);
    }
  }
}
