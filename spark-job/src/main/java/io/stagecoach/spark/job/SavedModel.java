package io.stagecoach.spark.job;

import io.stagecoach.batch.ChunkStorage;
import io.stagecoach.checkpoint.Checkpoint;
import io.stagecoach.checkpoint.CheckpointStore;
import io.stagecoach.engine.dl4j.Dl4jModelFile;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.engine.dl4j.TextModel;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.data.DataSnapshot;
import io.stagecoach.spark.data.Learned;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.dataset.api.preprocessor.DataNormalization;
import org.nd4j.linalg.dataset.api.preprocessor.MultiDataNormalization;

/**
 * A model as it is saved: DL4J's own zip, with what was learned from the data as further entries
 * that DL4J passes over.
 *
 * @param updater weights and updater state
 * @param learned labels' names, tokenizer, normalizer
 * @param data what it was last trained on, where that is known
 */
record SavedModel(Dl4jModelUpdater updater, Learned learned, Optional<DataSnapshot> data) {

  /** The name of the file in an output directory. */
  static final String FILE = "model.zip";

  private static final String LABELS = "stagecoach.labels";

  /** By what name files and checkpoints have what was read. */
  static final String DATA = "stagecoach.data";

  /**
   * Reads a file, the file in an output directory, a checkpoint, or the accepted model of a folder
   * of generations.
   */
  static SavedModel read(ModelFileAccess files, String path) {
    Optional<String> accepted = files.acceptedIn(path, FILE);
    if (accepted.isPresent()) {
      return zip(files, accepted.get());
    }
    return files
        .folderWithout(path, FILE)
        .flatMap(SavedModel::checkpoint)
        .orElseGet(() -> zip(files, path));
  }

  /** The checkpoint that a folder is, or the newest of those in it. */
  private static Optional<SavedModel> checkpoint(ChunkStorage folder) {
    try (Checkpoint checkpoint = CheckpointStore.open(folder).orElse(null)) {
      if (checkpoint == null) {
        return Optional.empty();
      }
      return Optional.of(
          new SavedModel(
              RestoredModel.of(checkpoint),
              Learned.fromTexts(checkpoint.run().learned()),
              Optional.ofNullable(checkpoint.run().learned().get(DATA))
                  .map(DataSnapshot::fromJson)));
    } catch (IOException | IllegalArgumentException e) {
      throw new StagecoachException(
          ErrorKind.MODEL,
          "The checkpoint at " + folder + " cannot be read: " + e.getMessage(),
          Where.nowhere(),
          "Correct " + Settings.MODEL_FROM.key() + ".",
          e);
    }
  }

  private static SavedModel zip(ModelFileAccess files, String path) {
    try (TemporaryDirectory temporary = TemporaryDirectory.create()) {
      Path local = temporary.path().resolve(FILE);
      String source = files.inDirectory(path, FILE);
      files.copy(Settings.MODEL_FROM.key(), source, local);
      return ModelFileAccess.naming(
          source,
          () -> {
            Dl4jModelFile file = Dl4jModelFile.open(local);
            return new SavedModel(file.updater(), learned(file), data(file));
          });
    }
  }

  private static Learned learned(Dl4jModelFile file) {
    return new Learned(
        text(file, LABELS).map(LabelNames::parse).orElse(List.of()),
        TextModel.tokenizer(file.extras()),
        file.normalizer()
            .filter(
                normalizer ->
                    normalizer instanceof DataNormalization
                        || normalizer instanceof MultiDataNormalization));
  }

  private static Optional<DataSnapshot> data(Dl4jModelFile file) {
    try {
      return text(file, DATA).map(DataSnapshot::fromJson);
    } catch (IllegalArgumentException e) {
      throw new StagecoachException(
          ErrorKind.MODEL,
          "What the model says of its data is damaged: " + e.getMessage(),
          Where.nowhere(),
          "Use another copy of the model.",
          e);
    }
  }

  private static Optional<String> text(Dl4jModelFile file, String name) {
    return Optional.ofNullable(file.extras().get(name)).map(String.class::cast);
  }

  /** Writes the file. */
  void write(Path local) {
    Map<String, String> extras = new LinkedHashMap<>();
    if (!learned.labelNames().isEmpty()) {
      extras.put(LABELS, LabelNames.write(learned.labelNames()));
    }
    learned.tokenizer().ifPresent(tokenizer -> extras.put(TextModel.TOKENIZER, tokenizer.toJson()));
    data.ifPresent(snapshot -> extras.put(DATA, snapshot.toJson()));
    Dl4jModelFile.save(local, updater, learned.normalizer(), extras);
  }
}
