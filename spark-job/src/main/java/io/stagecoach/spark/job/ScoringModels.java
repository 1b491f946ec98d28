package io.stagecoach.spark.job;

import io.stagecoach.engine.dl4j.Dl4jModel;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.SettingPrefix;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.CategoricalColumn;
import io.stagecoach.spark.data.FeatureRows;
import io.stagecoach.spark.data.InputColumns;
import io.stagecoach.spark.data.ModelShape;
import io.stagecoach.spark.score.PredictionForm;
import io.stagecoach.spark.score.ScoringModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.types.StructType;

/** Gets a saved model ready to predict for a table's rows. */
public final class ScoringModels {

  private ScoringModels() {}

  /**
   * Reads a model, to be whole in each executor.
   *
   * @param from a model zip, an output directory or a checkpoint
   * @param conf says the size of images, where the network leaves it open
   * @throws StagecoachException of kind MODEL where it is none, or one of texts
   */
  public static ScoringModel open(String from, StagecoachConf conf, Configuration hadoop) {
    SavedModel saved = SavedModel.read(new ModelFileAccess(hadoop), from);
    try {
      return pack(saved, form(from, saved, conf));
    } finally {
      saved.updater().close();
    }
  }

  /** A saved model in the form in which it goes to the executors. */
  static ScoringModel pack(SavedModel saved, PredictionForm form) {
    try (TemporaryDirectory local = TemporaryDirectory.create()) {
      Path file = local.path().resolve(SavedModel.FILE);
      saved.write(file);
      return new ScoringModel(file, form);
    }
  }

  /**
   * What a saved model takes and puts out.
   *
   * @param from where it is, for the error
   * @throws StagecoachException of kind MODEL where it is one of texts
   */
  static PredictionForm form(String from, SavedModel saved, StagecoachConf conf) {
    if (saved.learned().tokenizer().isPresent()) {
      throw new StagecoachException(
          ErrorKind.MODEL,
          from + " is a model of texts, not of a table's rows",
          "Use evaluate or generate.");
    }
    Dl4jModel model = saved.updater().model();
    return new PredictionForm(
        ModelShapes.of(model, new LearnedLengths(saved.learned().inputs(), conf)),
        model.outputs(),
        saved.learned());
  }

  /**
   * How the rows of a table are read for a model: by the columns that the settings name, else by
   * those that it was trained on.
   *
   * @throws StagecoachException of kind DATA where they do not fit; nothing but the schema is
   *     looked at
   */
  public static FeatureRows features(PredictionForm form, StructType table, StagecoachConf conf) {
    ModelShape shape = form.shape();
    return FeatureRows.of(
        table,
        shape.inputs().stream()
            .map(input -> input(input.name(), form.learned().inputs(), conf))
            .toList(),
        shape,
        form.learned().normalizer(),
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
    return new InputColumns(
        name,
        columns(name, trained, conf),
        0,
        categorical,
        new LearnedLengths(trained, conf).imageSize(name));
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
}
