package io.stagecoach.spark.gpu;

import io.stagecoach.spark.config.Settings;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.resource.ResourceInformation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The GPU of this process, chosen once, before ND4J starts, and kept as long as it runs. */
final class ChosenGpu {

  private static final Logger LOG = LoggerFactory.getLogger(ChosenGpu.class);

  private static final ExecutorGpu NOT_LOOKED_FOR = new ExecutorGpu.NotLookedFor();

  private static ExecutorGpu chosen = NOT_LOOKED_FOR;
  private static Optional<GpuLock> lock = Optional.empty();

  private ChosenGpu() {}

  /** What became of it. */
  static synchronized ExecutorGpu here() {
    return chosen;
  }

  /**
   * Chooses. That it cannot be done is kept for who wants to compute: an executor that does not
   * start is only started again.
   *
   * @param given what Spark gave the executor, by the resource's name
   */
  static synchronized void choose(GpuSettings settings, Map<String, ResourceInformation> given) {
    release();
    try {
      chosen = chosen(settings, given);
      show(chosen);
    } catch (UncheckedIOException e) {
      chosen =
          new ExecutorGpu.Failed(
              "the marks of taken GPUs in " + settings.lockFolder() + ": " + e.getCause(),
              "Set "
                  + Settings.GPU_LOCK_FOLDER.key()
                  + " to a folder of each host that every executor there may write.");
    } catch (LinkageError | IllegalStateException e) {
      chosen =
          new ExecutorGpu.Failed(
              "CUDA cannot be told of it: " + e,
              "Native code must run from the executors' temporary folder (java.io.tmpdir).");
    }
    LOG.info("This executor's GPU: {}", chosen);
  }

  private static ExecutorGpu chosen(GpuSettings settings, Map<String, ResourceInformation> given) {
    if (settings.find().isPresent()) {
      return found(settings.find().get(), Path.of(settings.lockFolder()));
    }
    ResourceInformation gpus = given.get(GpuSettings.RESOURCE);
    List<String> addresses = gpus == null ? List.of() : List.of(gpus.addresses());
    return switch (addresses.size()) {
      case 0 -> new ExecutorGpu.None("Spark gave it none");
      case 1 -> new ExecutorGpu.Taken(addresses.get(0));
      default ->
          new ExecutorGpu.Failed(
              "Spark gave it " + addresses.size() + ": " + String.join(", ", addresses),
              "The discovery script must give each executor one address. Where it sees all of the"
                  + " host's, as on YARN without isolation, let executors find theirs: "
                  + Settings.GPU_FIND.key()
                  + ".");
    };
  }

  private static ExecutorGpu found(String by, Path folder) {
    GpuDiscovery.Found found = GpuDiscovery.look(by);
    if (found.addresses().isEmpty()) {
      return new ExecutorGpu.None(found.why());
    }
    lock = GpuLock.first(folder, found.addresses());
    return lock.isPresent()
        ? new ExecutorGpu.Taken(lock.get().address())
        : new ExecutorGpu.None(
            "others have taken the host's " + String.join(", ", found.addresses()));
  }

  private static void show(ExecutorGpu gpu) {
    if (gpu instanceof ExecutorGpu.Taken taken) {
      VisibleGpus.only(taken.address());
    } else {
      VisibleGpus.none();
    }
  }

  /** Gives it back. */
  static synchronized void release() {
    lock.ifPresent(GpuLock::close);
    lock = Optional.empty();
    chosen = NOT_LOOKED_FOR;
  }
}
