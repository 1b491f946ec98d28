package io.stagecoach.model;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The values of one preset's settings: checked names, typed reading, errors that say what is
 * allowed.
 */
final class PresetValues {

  private final ModelPreset preset;
  private final Map<String, String> given;

  /** Refuses names that the preset does not know. */
  PresetValues(ModelPreset preset, Map<String, String> given) {
    this.preset = preset;
    this.given = Map.copyOf(given);
    List<String> known = preset.settings().stream().map(PresetSetting::name).toList();
    given.keySet().stream()
        .filter(name -> !known.contains(name))
        .sorted()
        .findFirst()
        .ifPresent(
            name -> {
              throw new StagecoachException(
                  ErrorKind.CONFIGURATION,
                  "the model preset \"" + preset.name() + "\" has no setting \"" + name + "\"",
                  "Use one of: " + String.join(", ", known) + ".");
            });
  }

  /** A whole number of at least {@code least}. */
  int integer(String name, int least) {
    return read(name, Integer::valueOf, value -> value >= least);
  }

  /** A whole number. */
  long wide(String name) {
    return read(name, Long::valueOf, value -> true);
  }

  /** A finite number of at least 0. */
  double notNegative(String name) {
    return read(name, Double::valueOf, value -> value >= 0 && Double.isFinite(value));
  }

  /** A finite number above 0. */
  double positive(String name) {
    return read(name, Double::valueOf, value -> value > 0 && Double.isFinite(value));
  }

  /** A number from 0 to below 1. */
  double fraction(String name) {
    return read(name, Double::valueOf, value -> value >= 0 && value < 1);
  }

  /** Yes or no. */
  boolean flag(String name) {
    return read(
        name,
        text ->
            switch (text) {
              case "true" -> true;
              case "false" -> false;
              default -> throw new IllegalArgumentException(text);
            },
        any -> true);
  }

  /** Whole numbers above 0, separated by commas. */
  List<Integer> sizes(String name) {
    return read(
        name,
        text ->
            Arrays.stream(text.split(",", -1)).map(String::strip).map(Integer::valueOf).toList(),
        values -> values.stream().allMatch(value -> value > 0));
  }

  /** A type of floating-point numbers. */
  DataType dataType(String name) {
    return read(
        name,
        text ->
            switch (text) {
              case "float" -> DataType.FLOAT;
              case "double" -> DataType.DOUBLE;
              default -> throw new IllegalArgumentException(text);
            },
        type -> true);
  }

  private <T> T read(String name, Function<String, T> parse, Predicate<T> allowed) {
    PresetSetting setting =
        preset.settings().stream()
            .filter(candidate -> candidate.name().equals(name))
            .findFirst()
            .orElseThrow();
    String text = given.getOrDefault(name, setting.defaultValue()).strip();
    try {
      T value = parse.apply(text);
      if (allowed.test(value)) {
        return value;
      }
    } catch (IllegalArgumentException malformed) {
      throw refusal(setting, text, malformed);
    }
    throw refusal(setting, text, null);
  }

  private StagecoachException refusal(PresetSetting setting, String text, Throwable cause) {
    return new StagecoachException(
        ErrorKind.CONFIGURATION,
        "the setting \""
            + setting.name()
            + "\" of the model preset \""
            + preset.name()
            + "\" is \""
            + text
            + "\"",
        Where.nowhere(),
        "Allowed: " + setting.allowed() + "; the default is " + setting.defaultValue() + ".",
        cause);
  }
}
