package io.stagecoach.spark.doctor;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** What a check has found; it travels from executors as JSON. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "level")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Finding.Ok.class, name = "OK"),
  @JsonSubTypes.Type(value = Finding.Warn.class, name = "WARN"),
  @JsonSubTypes.Type(value = Finding.Trouble.class, name = "ERROR"),
})
public sealed interface Finding {

  /** What was found. */
  String found();

  /** What to do about it; empty where nothing is to be done. */
  String remedy();

  /** The word in the table. */
  String word();

  /** Nothing to do. */
  record Ok(String found) implements Finding {

    @Override
    public String remedy() {
      return "";
    }

    @Override
    public String word() {
      return "OK";
    }
  }

  /** A run works, but slower, or with less room, than it might. */
  record Warn(String found, String remedy) implements Finding {

    @Override
    public String word() {
      return "WARN";
    }
  }

  /** A run would fail. */
  record Trouble(String found, String remedy) implements Finding {

    @Override
    public String word() {
      return "ERROR";
    }
  }
}
