package io.stagecoach.report;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.io.IOException;

/** The report as JSON, field for field; what was not measured is {@code null}. */
public final class ReportJson {

  private static final ObjectMapper MAPPER =
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .registerModule(
              new SimpleModule()
                  .addSerializer(double.class, new NullIfNotFinite())
                  .addSerializer(Double.class, new NullIfNotFinite())
                  .addDeserializer(double.class, new NanIfNull())
                  .addDeserializer(Double.class, new NanIfNull()));

  private ReportJson() {}

  /** The document. */
  public static String write(RunReport report) {
    try {
      return MAPPER.writeValueAsString(report);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a report is not JSON", e);
    }
  }

  /**
   * Reads a document back.
   *
   * @throws StagecoachException DATA where it is not a report
   */
  public static RunReport read(String json) {
    try {
      return MAPPER.readValue(json, RunReport.class);
    } catch (JsonProcessingException e) {
      throw new StagecoachException(
          ErrorKind.DATA,
          "This is not a report of a run: " + e.getOriginalMessage(),
          Where.nowhere(),
          "Give the JSON that a run wrote with this version of Stagecoach.",
          e);
    }
  }

  /** JSON has no NaN. */
  private static final class NullIfNotFinite extends StdSerializer<Double> {
    private static final long serialVersionUID = 1L;

    NullIfNotFinite() {
      super(Double.class);
    }

    @Override
    public void serialize(Double value, JsonGenerator to, SerializerProvider provider)
        throws IOException {
      if (Double.isFinite(value)) {
        to.writeNumber(value);
      } else {
        to.writeNull();
      }
    }
  }

  private static final class NanIfNull extends StdDeserializer<Double> {
    private static final long serialVersionUID = 1L;

    NanIfNull() {
      super(Double.class);
    }

    @Override
    public Double deserialize(JsonParser from, DeserializationContext context) throws IOException {
      return from.getDoubleValue();
    }

    @Override
    public Double getNullValue(DeserializationContext context) {
      return Double.NaN;
    }
  }
}
