package io.stagecoach.engine.dl4j;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.dataset.api.preprocessor.Normalizer;

/**
 * A model in DL4J's own file: the zip of {@code ModelSerializer}, which plain DL4J loads.
 *
 * @param updater the model, with updater state and counts where the file has them
 * @param normalizer how features were normalised, where the file says
 * @param extras further objects by name, for instance the labels' names
 */
public record Dl4jModelFile(
    Dl4jModelUpdater updater, Optional<Normalizer<?>> normalizer, Map<String, Object> extras) {

  /**
   * Opens a model to go on with.
   *
   * @throws StagecoachException MODEL if the file is missing, is not such a zip, or holds a network
   *     that cannot be cut
   */
  public static Dl4jModelFile open(Path path) {
    if (!Files.isRegularFile(path)) {
      throw unreadable(path, "there is no such file", null);
    }
    Dl4jModel model = Dl4jModel.parse(configurationOf(path));
    try {
      Dl4jModelUpdater updater =
          model instanceof GraphModel
              ? Dl4jModelUpdater.of(ModelSerializer.restoreComputationGraph(path.toFile(), true))
              : Dl4jModelUpdater.of(ModelSerializer.restoreMultiLayerNetwork(path.toFile(), true));
      Map<String, Object> extras = new LinkedHashMap<>();
      for (String name : ModelSerializer.listObjectsInFile(path.toFile())) {
        extras.put(name, ModelSerializer.getObjectFromFile(path.toFile(), name));
      }
      Normalizer<?> normalizer = ModelSerializer.restoreNormalizerFromFile(path.toFile());
      return new Dl4jModelFile(updater, Optional.ofNullable(normalizer), Map.copyOf(extras));
    } catch (StagecoachException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw unreadable(path, String.valueOf(e.getMessage()), e);
    }
  }

  /** The configuration in a model's file, as JSON. */
  static String configurationOf(Path path) {
    try (ZipFile zip = new ZipFile(path.toFile())) {
      ZipEntry entry = zip.getEntry(ModelSerializer.CONFIGURATION_JSON);
      if (entry == null) {
        throw unreadable(path, "it has no " + ModelSerializer.CONFIGURATION_JSON, null);
      }
      return new String(zip.getInputStream(entry).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw unreadable(path, String.valueOf(e.getMessage()), e);
    }
  }

  private static StagecoachException unreadable(Path path, String why, Exception cause) {
    return new StagecoachException(
        ErrorKind.MODEL,
        "Cannot read the model " + path + ": " + why,
        Where.nowhere(),
        "Give a zip that ModelSerializer or Stagecoach has written.",
        cause);
  }

  /**
   * Writes a model. The path has the whole file or, if something fails, what it had before: the zip
   * is made beside it and renamed.
   *
   * @param path where; an existing file is replaced
   * @param updater the model; weights, updater state, iteration and epoch count are written
   * @param normalizer how features were normalised
   * @param extras further objects by name, each readable with {@code
   *     ModelSerializer.getObjectFromFile}
   * @throws StagecoachException OUTPUT if it cannot be written
   */
  public static void save(
      Path path,
      Dl4jModelUpdater updater,
      Optional<? extends Normalizer<?>> normalizer,
      Map<String, ? extends Serializable> extras) {
    Path directory = path.toAbsolutePath().getParent();
    Path temporary = null;
    try {
      Files.createDirectories(directory);
      // Not createTempFile: it lets nobody but the owner read, and the rename would keep that.
      temporary = directory.resolve("." + path.getFileName() + "." + UUID.randomUUID() + ".tmp");
      ModelSerializer.writeModel(updater.network(), temporary.toFile(), true);
      if (normalizer.isPresent()) {
        ModelSerializer.addNormalizerToModel(temporary.toFile(), normalizer.get());
      }
      for (Map.Entry<String, ? extends Serializable> extra : extras.entrySet()) {
        ModelSerializer.addObjectToFile(temporary.toFile(), extra.getKey(), extra.getValue());
      }
      Files.move(
          temporary, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      temporary = null;
    } catch (IOException | RuntimeException e) {
      throw new StagecoachException(
          ErrorKind.OUTPUT,
          "Cannot write the model to " + path + ": " + e.getMessage(),
          Where.nowhere(),
          "Look at the directory's permissions and free space.",
          e);
    } finally {
      deleteQuietly(temporary);
    }
  }

  private static void deleteQuietly(Path temporary) {
    if (temporary != null) {
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException e) {
        temporary.toFile().deleteOnExit();
      }
    }
  }
}
