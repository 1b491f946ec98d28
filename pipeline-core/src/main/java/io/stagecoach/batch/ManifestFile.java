package io.stagecoach.batch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;
import java.util.UUID;

/** The manifest in the store's storage, as JSON. */
public final class ManifestFile {

  /** The file's name. */
  public static final String NAME = "manifest.json";

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private ManifestFile() {}

  /**
   * Makes the store exist: to be called once, after all its chunks are written.
   *
   * @throws StagecoachException OUTPUT if it cannot be written
   */
  public static void commit(ChunkStorage storage, StoreManifest manifest) {
    String unfinished = NAME + "." + UUID.randomUUID() + ".tmp";
    try {
      try (OutputStream out = storage.create(unfinished)) {
        out.write(JSON.writeValueAsBytes(manifest));
      }
      storage.rename(unfinished, NAME);
    } catch (IOException e) {
      throw new StagecoachException(
          ErrorKind.OUTPUT,
          "Cannot write the manifest of the batch store in " + storage + ": " + e.getMessage(),
          Where.nowhere(),
          "Check the folder's permissions and space",
          e);
    }
  }

  /**
   * The store's manifest, if the store exists.
   *
   * @throws StagecoachException DATA if there is one that cannot be read
   */
  public static Optional<StoreManifest> find(ChunkStorage storage) {
    try {
      if (!storage.exists(NAME)) {
        return Optional.empty();
      }
      StoreManifest manifest;
      try (InputStream in = storage.open(NAME)) {
        manifest = JSON.readValue(in.readAllBytes(), StoreManifest.class);
      }
      if (manifest == null || manifest.format() != StoreManifest.FORMAT) {
        throw unreadable(storage, "it is of another format version", null);
      }
      return Optional.of(manifest);
    } catch (JsonProcessingException e) {
      throw unreadable(storage, e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw unreadable(storage, e.getMessage(), e);
    }
  }

  /**
   * The store's manifest.
   *
   * @throws StagecoachException DATA if the store does not exist or cannot be read
   */
  public static StoreManifest read(ChunkStorage storage) {
    return find(storage).orElseThrow(() -> unreadable(storage, "there is none", null));
  }

  private static StagecoachException unreadable(
      ChunkStorage storage, String why, IOException cause) {
    return new StagecoachException(
        ErrorKind.DATA,
        "Cannot read the manifest of the batch store in " + storage + ": " + why,
        Where.nowhere(),
        "Delete the folder: the batch store is made again from the data",
        cause);
  }
}
