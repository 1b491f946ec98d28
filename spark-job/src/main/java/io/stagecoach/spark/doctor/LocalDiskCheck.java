package io.stagecoach.spark.doctor;

import io.stagecoach.plan.Quantity;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.spark.SparkEnv;

/** Room in the folders in which Spark shuffles and spills. */
final class LocalDiskCheck implements ProcessCheck {

  private static final Pattern SPARKS = Pattern.compile("(blockmgr|executor|spark)-[-0-9a-f]{36}");

  private static final long LEAST = 100L << 20;
  private static final long TIGHT = 2L << 30;

  /**
   * A folder.
   *
   * @param free the bytes that this process may still write
   */
  record Folder(String path, long free, boolean isWritable) {}

  @Override
  public String name() {
    return "local disk";
  }

  @Override
  public Finding look(Here here) {
    List<Folder> folders = new ArrayList<>();
    for (File folder : SparkEnv.get().blockManager().diskBlockManager().localDirs()) {
      folders.add(
          new Folder(
              known(folder.toPath()).toString(), folder.getUsableSpace(), folder.canWrite()));
    }
    return judge(folders);
  }

  /** Spark's own folders have new names each time: the user knows the one above. */
  static Path known(Path folder) {
    Path at = folder;
    while (at.getParent() != null && SPARKS.matcher(at.getFileName().toString()).matches()) {
      at = at.getParent();
    }
    return at;
  }

  static Finding judge(List<Folder> folders) {
    String found =
        String.join(
            ", ",
            folders.stream()
                .map(
                    folder ->
                        folder.path()
                            + " "
                            + (folder.isWritable()
                                ? Quantity.bytes(folder.free()) + " free"
                                : "cannot be written"))
                .toList());
    String remedy =
        "Name a folder with room in spark.local.dir (SPARK_LOCAL_DIRS; on YARN the node manager's"
            + " local-dirs, on Kubernetes a volume spark-local-dir-1).";
    if (folders.stream().anyMatch(folder -> !folder.isWritable() || folder.free() < LEAST)) {
      return new Finding.Trouble(found, remedy);
    }
    return folders.stream().anyMatch(folder -> folder.free() < TIGHT)
        ? new Finding.Warn(found, remedy)
        : new Finding.Ok(found);
  }
}
