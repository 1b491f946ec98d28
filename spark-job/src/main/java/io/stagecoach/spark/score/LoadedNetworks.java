package io.stagecoach.spark.score;

import io.stagecoach.engine.dl4j.SavedNetwork;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.MemoryShortage;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * The networks that this process has loaded, once for all its tasks. The one that was used last
 * stays for the next task.
 */
final class LoadedNetworks {

  private static final LoadedNetworks OF_THIS_PROCESS = new LoadedNetworks();

  private final Map<UUID, Loaded> networks = new LinkedHashMap<>();

  private static final class Loaded {
    private final SavedNetwork network;
    private int users;

    Loaded(SavedNetwork network) {
      this.network = network;
    }
  }

  static LoadedNetworks ofThisProcess() {
    return OF_THIS_PROCESS;
  }

  /** A network for the caller, who gives it back. */
  synchronized SavedNetwork take(UUID id, Supplier<PackedNetwork> packed) {
    Loaded loaded = networks.remove(id);
    if (loaded == null) {
      closeIdle();
      loaded = new Loaded(load(packed.get()));
    }
    // Behind the others: the last one is the newest used.
    networks.put(id, loaded);
    loaded.users++;
    return loaded.network;
  }

  /** The caller needs it no longer. */
  synchronized void giveBack(UUID id) {
    networks.get(id).users--;
  }

  private void closeIdle() {
    for (Iterator<Loaded> all = networks.values().iterator(); all.hasNext(); ) {
      Loaded loaded = all.next();
      if (loaded.users == 0) {
        loaded.network.close();
        all.remove();
      }
    }
  }

  private static SavedNetwork load(PackedNetwork packed) {
    Path file = null;
    try {
      file = Files.createTempFile("stagecoach", ".zip");
      try (OutputStream out = Files.newOutputStream(file)) {
        packed.writeTo(out);
      }
      return SavedNetwork.open(file);
    } catch (OutOfMemoryError e) {
      throw MemoryShortage.of("the loading of the network", Where.nowhere(), e);
    } catch (IOException e) {
      throw new StagecoachException(
          ErrorKind.RESOURCE,
          "The network cannot be put into a temporary file: " + e.getMessage(),
          Where.nowhere(),
          "Give the executors room in java.io.tmpdir.",
          e);
    } finally {
      deleteQuietly(file);
    }
  }

  private static void deleteQuietly(Path file) {
    try {
      if (file != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      file.toFile().deleteOnExit();
    }
  }
}
