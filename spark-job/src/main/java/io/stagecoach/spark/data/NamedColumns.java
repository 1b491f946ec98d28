package io.stagecoach.spark.data;

import io.stagecoach.batch.Columns;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.Nearest;
import io.stagecoach.spark.config.SettingPrefix;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * Which columns of a table belong to which input and output of a network. A network with one input
 * has {@code data.features}; one with several has {@code data.features.NAME} for each; outputs
 * likewise.
 */
final class NamedColumns {

  private final StagecoachConf conf;
  private final ModelShape shape;

  /**
   * @throws StagecoachException of kind CONFIGURATION where the settings name an input or output
   *     that the network does not have
   */
  NamedColumns(StagecoachConf conf, ModelShape shape) {
    this.conf = conf;
    this.shape = shape;
    List<String> inputs = new ArrayList<>(shape.inputName().stream().toList());
    shape.furtherInputs().forEach(input -> inputs.add(input.name()));
    List<String> outputs = new ArrayList<>(shape.outputName().stream().toList());
    shape.furtherOutputs().forEach(output -> outputs.add(output.name()));
    requireKnown(Settings.DATA_FEATURES_OF, conf.dataFeaturesOf(), inputs, "input");
    requireKnown(Settings.DATA_LABEL_OF, conf.dataLabelOf(), outputs, "output");
  }

  private static void requireKnown(
      SettingPrefix prefix,
      SortedMap<String, List<String>> given,
      List<String> names,
      String what) {
    for (String name : given.keySet()) {
      if (!names.contains(name)) {
        throw new StagecoachException(
            ErrorKind.CONFIGURATION,
            prefix.key()
                + name
                + " is set, but the network has "
                + (names.isEmpty()
                    ? "only one " + what
                    : "the " + what + "s " + String.join(", ", names)),
            names.isEmpty()
                ? "Set " + prefix.key().substring(0, prefix.key().length() - 1) + "."
                : "Correct the name"
                    + Nearest.to(name, names)
                        .map(nearest -> "; the nearest is " + nearest)
                        .orElse("")
                    + ".");
      }
    }
  }

  /** Whether the network has several inputs or outputs. */
  boolean areNeeded() {
    return shape.inputName().isPresent() || shape.outputName().isPresent();
  }

  /** The columns of the first input. */
  List<String> features() {
    return shape.inputName().map(this::features).orElseGet(conf::dataFeatures);
  }

  /** The columns of one of several inputs. */
  List<String> features(String input) {
    return named(Settings.DATA_FEATURES_OF, conf.dataFeaturesOf(), input);
  }

  /** The columns of the output whose labels are counted. */
  List<String> label() {
    return shape.outputName().map(this::label).orElseGet(conf::dataLabel);
  }

  /** The columns of one of several outputs. */
  List<String> label(String output) {
    return named(Settings.DATA_LABEL_OF, conf.dataLabelOf(), output);
  }

  private static List<String> named(
      SettingPrefix prefix, SortedMap<String, List<String>> given, String name) {
    return Optional.ofNullable(given.get(name))
        .orElseThrow(
            () ->
                new StagecoachException(
                    ErrorKind.CONFIGURATION,
                    "The network's " + name + " has no columns",
                    "Set " + prefix.key() + name + "."));
  }

  /** What the batch store calls the features of the first input. */
  String storedFeatures() {
    return shape.inputName().map(Columns::features).orElse(Columns.FEATURES);
  }

  /** What the batch store calls the labels that are counted. */
  String storedLabels() {
    return shape.outputName().map(Columns::labels).orElse(Columns.LABELS);
  }
}
