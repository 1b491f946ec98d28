package io.stagecoach.spark.job;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;

/**
 * Where a run's results go: a directory that appears whole or not at all, on any file system that
 * Hadoop reaches. Results are written beside it and moved there by a rename.
 */
final class OutputDirectory {

  private final FileSystem files;
  private final org.apache.hadoop.fs.Path target;
  private final org.apache.hadoop.fs.Path beside;
  private final boolean overwrite;

  private OutputDirectory(FileSystem files, org.apache.hadoop.fs.Path target, boolean overwrite) {
    this.files = files;
    this.target = target;
    this.beside =
        new org.apache.hadoop.fs.Path(
            target.getParent(), "." + target.getName() + "." + UUID.randomUUID() + ".part");
    this.overwrite = overwrite;
  }

  /**
   * Checks that the results can go there, before anything is computed.
   *
   * @throws StagecoachException OUTPUT where something is there and may not be replaced, or where
   *     nothing can be written
   */
  static OutputDirectory open(String path, boolean overwrite, Configuration hadoop) {
    try {
      org.apache.hadoop.fs.Path given = new org.apache.hadoop.fs.Path(path);
      FileSystem files = given.getFileSystem(hadoop);
      // Hadoop's checksum files beside results on a local disk would only puzzle their reader.
      files.setWriteChecksum(false);
      org.apache.hadoop.fs.Path target = files.makeQualified(given);
      if (target.getParent() == null) {
        throw failure("The output path is the root of a file system: " + target, null);
      }
      if (files.exists(target) && !overwrite) {
        throw new StagecoachException(
            ErrorKind.OUTPUT,
            "The output path exists: " + target,
            "Choose another spark.stagecoach.output.path, or set"
                + " spark.stagecoach.output.overwrite=true.");
      }
      OutputDirectory output = new OutputDirectory(files, target, overwrite);
      output.tryToWrite();
      return output;
    } catch (IOException | IllegalArgumentException e) {
      throw failure("The output path cannot be used: " + path, e);
    }
  }

  private void tryToWrite() throws IOException {
    if (!files.mkdirs(beside)) {
      throw new IOException("cannot create " + beside);
    }
    files.delete(beside, true);
  }

  /** The directory. */
  String path() {
    return target.toString();
  }

  /**
   * Moves a local directory's files there: beside first, then into place by one rename. What was
   * there before is only removed when the new results are in place.
   */
  void commit(Path local) {
    try {
      files.mkdirs(beside);
      try (var children = Files.list(local)) {
        for (Path child : children.sorted().toList()) {
          try (OutputStream out =
              files.create(new org.apache.hadoop.fs.Path(beside, child.getFileName().toString()))) {
            Files.copy(child, out);
          }
        }
      }
      swap();
    } catch (IOException e) {
      throw failure("The results could not be written to " + target, e);
    } finally {
      discard();
    }
  }

  /**
   * Has a directory written by others, as by the tasks of a Spark job, and puts it into place.
   *
   * @param writer is given where to write; nothing is there yet
   */
  void commit(Consumer<String> writer) {
    try {
      writer.accept(beside.toString());
      swap();
    } catch (IOException e) {
      throw failure("The results could not be written to " + target, e);
    } finally {
      discard();
    }
  }

  private void swap() throws IOException {
    if (!files.exists(target)) {
      rename(beside, target);
      return;
    }
    if (!overwrite) {
      throw new IOException("something else has been written there meanwhile");
    }
    org.apache.hadoop.fs.Path old = beside.suffix(".old");
    rename(target, old);
    try {
      rename(beside, target);
    } catch (IOException e) {
      rename(old, target);
      throw e;
    }
    files.delete(old, true);
  }

  private void rename(org.apache.hadoop.fs.Path from, org.apache.hadoop.fs.Path to)
      throws IOException {
    if (!files.rename(from, to)) {
      throw new IOException("cannot rename " + from + " to " + to);
    }
  }

  private void discard() {
    try {
      files.delete(beside, true);
    } catch (IOException e) {
      org.slf4j.LoggerFactory.getLogger(OutputDirectory.class)
          .warn("Could not remove {}: {}", beside, e.toString());
    }
  }

  private static StagecoachException failure(String what, Exception cause) {
    String why = cause == null ? "" : " (" + cause.getMessage() + ")";
    return new StagecoachException(
        ErrorKind.OUTPUT,
        what + why,
        Where.nowhere(),
        "Check that the path exists up to its last part, and that the job may write there.",
        cause);
  }
}
