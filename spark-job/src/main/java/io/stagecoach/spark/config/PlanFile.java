package io.stagecoach.spark.config;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;

/**
 * A whole plan in a file: a JSON object whose fields are settings of the pipeline, by the names
 * that they have behind {@code spark.stagecoach.}. A value is written as text, as a number, as a
 * list in the place of commas, or as an object in the place of colons and commas.
 */
public final class PlanFile {

  /** What a plan consists of. */
  private static final List<Setting<?>> FIELDS =
      List.of(
          Settings.STAGES,
          Settings.REPLICAS,
          Settings.GRADIENT_BLOCKS,
          Settings.CHUNKS,
          Settings.MICRO_BATCHES,
          Settings.SCHEDULE,
          Settings.SCHEDULE_FILE,
          Settings.RECOMPUTE,
          Settings.PARTITIONER,
          Settings.CUT,
          Settings.PIN_LAYERS,
          Settings.PIN_STAGES,
          Settings.MEMORY_LIMIT);

  private static final String REMEDY = "docs/plan.md says what a plan's file may have.";

  private final String name;
  private final Map<Setting<?>, Field> fields = new LinkedHashMap<>();

  /** A field's value, as the setting's text, and the line it is in. */
  private record Field(String text, int line) {}

  private PlanFile(String name) {
    this.name = name;
  }

  /**
   * Puts what the plan's file says among the settings, where these name one.
   *
   * @throws StagecoachException CONFIGURATION where the file cannot be read, is not a plan, or says
   *     of a setting something else than the settings themselves
   */
  public static void expand(SparkConf settings) {
    String path = settings.get(Settings.PLAN_FILE.key(), "").strip();
    if (!path.isEmpty()) {
      parse(path, read(path, settings)).into(settings);
    }
  }

  private static String read(String path, SparkConf settings) {
    try {
      Path file = new Path(path);
      try (InputStream in =
          file.getFileSystem(SparkHadoopUtil.get().newConfiguration(settings)).open(file)) {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "The plan " + path + " cannot be read: " + e.getMessage(),
          Where.nowhere(),
          "Correct " + Settings.PLAN_FILE.key() + ".",
          e);
    }
  }

  /**
   * Reads a plan.
   *
   * @param name what errors call it
   * @throws StagecoachException CONFIGURATION, with line and column, where it is not one
   */
  static PlanFile parse(String name, String json) {
    PlanFile plan = new PlanFile(name);
    JsonFactory factory =
        JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    try (JsonParser parser = factory.createParser(json)) {
      plan.readFields(parser);
    } catch (JsonProcessingException e) {
      throw plan.refused(e.getLocation(), e.getOriginalMessage());
    } catch (IOException e) {
      throw new UncheckedIOException("a text in memory cannot fail", e);
    }
    return plan;
  }

  private void readFields(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw refused(parser.currentTokenLocation(), "a plan is a JSON object");
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      Setting<?> setting = setting(parser.currentName(), parser.currentTokenLocation());
      parser.nextToken();
      JsonLocation at = parser.currentTokenLocation();
      String text = text(parser);
      require(setting, text, at);
      fields.put(setting, new Field(text, at.getLineNr()));
    }
    if (parser.nextToken() != null) {
      throw refused(parser.currentTokenLocation(), "something follows the plan");
    }
  }

  private Setting<?> setting(String field, JsonLocation at) {
    return FIELDS.stream()
        .filter(setting -> setting.name().equals(field))
        .findFirst()
        .orElseThrow(
            () ->
                refused(
                    at,
                    "a plan has no \""
                        + field
                        + "\""
                        + Nearest.to(field, FIELDS.stream().map(Setting::name).toList())
                            .map(nearest -> "; the nearest is \"" + nearest + "\"")
                            .orElse("")));
  }

  /** A value as the setting's text, from its first token to its last. */
  private String text(JsonParser parser) throws IOException {
    if (parser.currentToken() == JsonToken.START_ARRAY) {
      List<String> parts = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        parts.add(scalar(parser));
      }
      return String.join(",", parts);
    }
    if (parser.currentToken() == JsonToken.START_OBJECT) {
      List<String> parts = new ArrayList<>();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        parser.nextToken();
        parts.add(key + ":" + scalar(parser));
      }
      return String.join(",", parts);
    }
    return scalar(parser);
  }

  private String scalar(JsonParser parser) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_NULL || !parser.currentToken().isScalarValue()) {
      throw refused(parser.currentTokenLocation(), "a text or a number is expected here");
    }
    return parser.getText();
  }

  private void require(Setting<?> setting, String text, JsonLocation at) {
    try {
      setting.type().parse(text);
    } catch (IllegalArgumentException | ArithmeticException notAllowed) {
      throw refused(
          at,
          "\"" + setting.name() + "\" is '" + text + "'; allowed is " + setting.type().allowed());
    }
  }

  private StagecoachException refused(JsonLocation at, String why) {
    return new StagecoachException(
        ErrorKind.CONFIGURATION,
        "The plan "
            + name
            + ", line "
            + at.getLineNr()
            + ", column "
            + at.getColumnNr()
            + ": "
            + why,
        REMEDY);
  }

  private void into(SparkConf settings) {
    List<String> contradictions = new ArrayList<>();
    fields.forEach(
        (setting, field) -> {
          Optional<String> given =
              settings.contains(setting.key())
                  ? Optional.of(settings.get(setting.key()))
                  : Optional.empty();
          if (given.isEmpty()) {
            settings.set(setting.key(), field.text());
          } else if (!isSame(setting, given.get(), field.text())) {
            contradictions.add(
                setting.key()
                    + " is "
                    + given.get()
                    + ", and the plan "
                    + name
                    + " says "
                    + field.text()
                    + " in line "
                    + field.line());
          }
        });
    if (!contradictions.isEmpty()) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          String.join("; ", contradictions),
          "Leave the setting out, or change the plan (" + Settings.PLAN_FILE.key() + ").");
    }
  }

  private static <T> boolean isSame(Setting<T> setting, String given, String field) {
    try {
      return setting.type().parse(given).equals(setting.type().parse(field));
    } catch (IllegalArgumentException | ArithmeticException notAllowed) {
      // Whoever reads the settings says what is wrong with the one that was given.
      return true;
    }
  }

  /**
   * A plan as such a file has it.
   *
   * @param values what it says, in order
   */
  public static String write(Map<Setting<?>, String> values) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.setPrettyPrinter(new DefaultPrettyPrinter());
      json.writeStartObject();
      for (Map.Entry<Setting<?>, String> value : values.entrySet()) {
        if (!FIELDS.contains(value.getKey())) {
          throw new IllegalArgumentException(value.getKey().name() + " is no part of a plan");
        }
        json.writeFieldName(value.getKey().name());
        writeValue(json, value.getKey(), value.getValue());
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("a text in memory cannot fail", e);
    }
    return text + System.lineSeparator();
  }

  private static void writeValue(JsonGenerator json, Setting<?> setting, String text)
      throws IOException {
    if (setting.equals(Settings.CUT)) {
      json.writeStartArray();
      for (int layer : Settings.CUT.type().parse(text)) {
        json.writeNumber(layer);
      }
      json.writeEndArray();
    } else if (setting.equals(Settings.RECOMPUTE) && text.contains(",")) {
      json.writeStartArray();
      for (String word : text.split(",", -1)) {
        json.writeString(word);
      }
      json.writeEndArray();
    } else if (text.matches("\\d{1,9}")) {
      json.writeNumber(Integer.parseInt(text));
    } else {
      json.writeString(text);
    }
  }
}
