package io.stagecoach.spark.job;

import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.engine.dl4j.FeatureLengths;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.SettingPrefix;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.CategoricalColumn;
import io.stagecoach.spark.data.FeatureRows;
import io.stagecoach.spark.data.InputColumns;
import io.stagecoach.spark.data.ModelShape;
import io.stagecoach.spark.score.ScoringModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.types.StructType;

/** Gets a saved model ready to predict for a table's rows. */
public final class ScoringModels {

  private ScoringModels() {}

  /**
   * Reads a model.
   *
   * @param from a model zip, an output directory or a checkpoint
   * @param conf says the size of images, where the network leaves it open
   * @throws StagecoachException of kind MODEL where it is none, or one of texts
   */
  public static ScoringModel open(String from, StagecoachConf conf, Configuration hadoop) {
    SavedModel saved = SavedModel.read(new ModelFileAccess(hadoop), from);
    try (Dl4jModelUpdater updater = saved.updater();
        TemporaryDirectory local = TemporaryDirectory.create()) {
      if (saved.learned().tokenizer().isPresent()) {
        throw new StagecoachException(
            ErrorKind.MODEL,
            from + " is a model of texts, not of a table's rows",
            "Use evaluate or generate.");
      }
      Path file = local.path().resolve(SavedModel.FILE);
      saved.write(file);
      return new ScoringModel(
          file,
          ModelShapes.of(updater.model(), new LearnedLengths(saved.learned().inputs(), conf)),
          updater.model().outputs(),
          saved.learned());
    }
  }

  /**
   * How the rows of a table are read for a model: by the columns that the settings name, else by
   * those that it was trained on.
   *
   * @throws StagecoachException of kind DATA where they do not fit; nothing but the schema is
   *     looked at
   */
  public static FeatureRows features(ScoringModel model, StructType table, StagecoachConf conf) {
    ModelShape shape = model.shape();
    List<String> names = new ArrayList<>(List.of(shape.inputName().orElse("")));
    shape.furtherInputs().forEach(input -> names.add(input.name()));
    return FeatureRows.of(
        table,
        names.stream().map(name -> input(name, model.learned().inputs(), conf)).toList(),
        shape,
        model.learned().normalizer(),
        conf.dataMissing(),
        conf.dataCategoricalUnknown());
  }

  private static InputColumns input(String name, List<InputColumns> trained, StagecoachConf conf) {
    List<CategoricalColumn> categorical =
        trained.stream()
            .filter(columns -> columns.name().equals(name))
            .findFirst()
            .map(InputColumns::categorical)
            .orElse(List.of());
    return new InputColumns(name, columns(name, trained, conf), 0, categorical);
  }

  private static List<String> columns(
      String input, List<InputColumns> trained, StagecoachConf conf) {
    Optional<List<String>> recorded =
        trained.stream()
            .filter(columns -> columns.name().equals(input))
            .map(InputColumns::columns)
            .findFirst();
    if (input.isEmpty()) {
      return conf.isGiven(Settings.DATA_FEATURES)
          ? conf.dataFeatures()
          : recorded.orElseGet(conf::dataFeatures);
    }
    SettingPrefix prefix = Settings.DATA_FEATURES_OF;
    return Optional.ofNullable(conf.dataFeaturesOf().get(input))
        .or(() -> recorded)
        .orElseThrow(
            () ->
                new StagecoachException(
                    ErrorKind.CONFIGURATION,
                    "The network's " + input + " has no columns",
                    "Set " + prefix.key() + input + "."));
  }

  /** What the data of training has told of the features. */
  private record LearnedLengths(List<InputColumns> inputs, StagecoachConf conf)
      implements FeatureLengths {

    @Override
    public int timeSteps() {
      return 1;
    }

    @Override
    public OptionalLong numbers(String input) {
      return inputs.stream()
          .filter(columns -> columns.name().isEmpty() || columns.name().equals(input))
          .mapToLong(InputColumns::numbers)
          .findFirst();
    }

    @Override
    public List<Integer> imageSize() {
      return conf.dataImageSize();
    }
  }
}
