package io.stagecoach.spark.doctor;

import io.stagecoach.plan.Quantity;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Files of the doctor's own beside what is really there, in the folder named or, where that is yet
 * to be made, in the next one above it; nothing is left of them.
 */
final class FolderProbe implements AutoCloseable {

  private static final byte[] CONTENT =
      "written by stagecoach doctor".getBytes(StandardCharsets.US_ASCII);

  private final FileSystem files;
  private final Path own;

  private FolderProbe(FileSystem files, Path own) {
    this.files = files;
    this.own = own;
  }

  static FolderProbe in(String folder, Configuration hadoop) throws IOException {
    Path given = new Path(folder);
    FileSystem files = given.getFileSystem(hadoop);
    Path above = files.makeQualified(given);
    while (!isFolder(files, above) && above.getParent() != null) {
      above = above.getParent();
    }
    return new FolderProbe(files, new Path(above, ".stagecoach-doctor-" + UUID.randomUUID()));
  }

  private static boolean isFolder(FileSystem files, Path path) throws IOException {
    try {
      return files.getFileStatus(path).isDirectory();
    } catch (FileNotFoundException none) {
      return false;
    }
  }

  /** Writes a file and gives its name, by which others may look for it. */
  Path write() throws IOException {
    Path file = new Path(own, "written");
    try (OutputStream out = files.create(file, false)) {
      out.write(CONTENT);
    }
    return file;
  }

  /**
   * Writes, renames, reads back and deletes.
   *
   * @return the room that is left, in words
   */
  String tryAll() throws IOException {
    Path renamed = new Path(own, "renamed");
    if (!files.rename(write(), renamed)) {
      throw new IOException("a file cannot be renamed in " + own.getParent());
    }
    if (!holds(files, renamed)) {
      throw new IOException("what was written to " + own.getParent() + " does not come back");
    }
    if (!files.delete(renamed, false)) {
      throw new IOException("a file cannot be deleted in " + own.getParent());
    }
    return own.getParent() + ", " + Quantity.bytes(files.getStatus(own).getRemaining()) + " free";
  }

  /** Whether a file is there as it was written. */
  static boolean holds(FileSystem files, Path file) throws IOException {
    try (InputStream in = files.open(file)) {
      return Arrays.equals(CONTENT, in.readAllBytes());
    }
  }

  @Override
  public void close() throws IOException {
    files.delete(own, true);
  }
}
