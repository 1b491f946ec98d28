package io.stagecoach.model;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.List;
import java.util.stream.Stream;

/** The presets by name. */
public final class ModelPresets {

  private static final List<ModelPreset> ALL =
      Stream.concat(Stream.of(new CharLstm(), new Mlp()), GptPreset.all().stream()).toList();

  private ModelPresets() {}

  /** Every preset. */
  public static List<ModelPreset> all() {
    return ALL;
  }

  /**
   * The preset of this name.
   *
   * @throws StagecoachException of kind {@code CONFIGURATION} where there is none
   */
  public static ModelPreset named(String name) {
    return ALL.stream()
        .filter(preset -> preset.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new StagecoachException(
                    ErrorKind.CONFIGURATION,
                    "there is no model preset \"" + name + "\"",
                    "Use one of: "
                        + String.join(", ", ALL.stream().map(ModelPreset::name).toList())
                        + "; or give a DL4J configuration."));
  }
}
