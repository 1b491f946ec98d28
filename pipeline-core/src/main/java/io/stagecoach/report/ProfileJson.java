package io.stagecoach.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;

/** What was measured before a run, as JSON, field for field; times in nanoseconds. */
public final class ProfileJson {

  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private ProfileJson() {}

  /** The document. */
  public static String write(RunProfile profile) {
    try {
      return MAPPER.writeValueAsString(profile);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a profile is not JSON", e);
    }
  }

  /**
   * Reads a document back.
   *
   * @throws StagecoachException DATA where it is no profile
   */
  public static RunProfile read(String json) {
    try {
      return MAPPER.readValue(json, RunProfile.class);
    } catch (JsonProcessingException e) {
      throw new StagecoachException(
          ErrorKind.DATA,
          "This is not a profile of a run: " + e.getOriginalMessage(),
          Where.nowhere(),
          "Give the JSON that a run wrote with this version of Stagecoach.",
          e);
    }
  }
}
