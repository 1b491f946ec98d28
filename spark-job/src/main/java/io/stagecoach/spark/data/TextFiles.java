package io.stagecoach.spark.data;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The files of a text, which are read one after another in the order of their paths.
 *
 * @param files the files, none of them empty
 */
record TextFiles(List<TextFile> files) implements Serializable {

  /**
   * A file.
   *
   * @param path its URI
   * @param bytes its size
   */
  record TextFile(String path, long bytes) implements Serializable {}

  TextFiles {
    files = List.copyOf(files);
  }

  /**
   * The files at a path: a file, a directory with everything below it, or a pattern. Names that
   * begin with a dot or an underscore are passed over, as Spark does.
   *
   * @throws io.stagecoach.error.StagecoachException of kind DATA where no text is there
   */
  static TextFiles at(String path, Configuration hadoop) throws IOException {
    Path pattern = new Path(path);
    FileSystem files = pattern.getFileSystem(hadoop);
    FileStatus[] roots = files.globStatus(pattern);
    List<FileStatus> found = new ArrayList<>();
    for (FileStatus root : roots == null ? new FileStatus[0] : roots) {
      collect(files, root, found);
    }
    List<TextFile> text =
        found.stream()
            .map(file -> new TextFile(file.getPath().toString(), file.getLen()))
            .filter(file -> file.bytes() > 0)
            .sorted(Comparator.comparing(TextFile::path))
            .toList();
    if (text.isEmpty()) {
      throw DataErrors.data("there is no text at " + path, "Name a file that is not empty.");
    }
    text.stream()
        .filter(file -> file.path().toLowerCase(Locale.ROOT).matches(".*\\.(gz|bz2|zst|zip)"))
        .findFirst()
        .ifPresent(
            file -> {
              throw DataErrors.data(
                  file.path() + " is compressed", "Decompress it: a text is read in pieces.");
            });
    return new TextFiles(text);
  }

  private static void collect(FileSystem files, FileStatus status, List<FileStatus> found)
      throws IOException {
    if (status.isFile()) {
      found.add(status);
      return;
    }
    for (FileStatus child : files.listStatus(status.getPath())) {
      String name = child.getPath().getName();
      if (!name.startsWith(".") && !name.startsWith("_")) {
        collect(files, child, found);
      }
    }
  }
}
