package io.stagecoach.scale;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.util.List;

/**
 * A model and the hardware that is to train it, as a person describes them.
 *
 * @param model the model
 * @param devices the kinds of devices; a pipeline has of each kind its share
 * @param network what connects the executors, and them with the driver
 * @param driver the driver's machine
 */
public record ScaleDescription(
    DescribedModel model,
    List<DescribedDevice> devices,
    DescribedNetwork network,
    DescribedDriver driver) {

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(
              DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
              DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES,
              DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  public ScaleDescription {
    devices = List.copyOf(devices);
    if (devices.isEmpty()) {
      throw wrong("no device is described");
    }
  }

  /**
   * Reads a description.
   *
   * @throws StagecoachException CONFIGURATION where it is none, with line and column
   */
  public static ScaleDescription read(String json) {
    try {
      return JSON.readValue(json, ScaleDescription.class);
    } catch (JsonProcessingException e) {
      String where =
          e.getLocation() == null
              ? ""
              : " (line "
                  + e.getLocation().getLineNr()
                  + ", column "
                  + e.getLocation().getColumnNr()
                  + ")";
      Throwable cause = e.getCause() instanceof StagecoachException ? e.getCause() : e;
      String what =
          cause instanceof StagecoachException known
              ? known.what()
              : e.getOriginalMessage().split("[;\\n]", 2)[0];
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "This describes no cluster: " + what + where,
          Where.nowhere(),
          "docs/scaling.md has an example.",
          e);
    }
  }

  static StagecoachException wrong(String what) {
    return new StagecoachException(
        ErrorKind.CONFIGURATION, what, "docs/scaling.md says what the numbers are.");
  }

  static void requirePositive(String name, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw wrong(name + " is " + value + ", and must be above 0");
    }
  }

  static void requireNotNegative(String name, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw wrong(name + " is " + value + ", and must not be below 0");
    }
  }
}
