package io.stagecoach.spark.job.retrain;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/**
 * A folder on any file system that Hadoop reaches. HDFS and local disks create a new file and
 * rename at once; object stores look first and write then, so that two at the same moment may both
 * believe that they were the only one.
 */
public final class HadoopFolderFiles implements FolderFiles {

  private final FileSystem files;
  private final Path root;

  /**
   * @param root the folder; a path without a scheme is one of the default file system
   * @throws IOException if the file system cannot be reached
   */
  public HadoopFolderFiles(String root, Configuration hadoop) throws IOException {
    Path given = new Path(root);
    FileSystem found = given.getFileSystem(hadoop);
    // Files with checksums are two files, which no rename moves at once.
    this.files = found instanceof LocalFileSystem local ? local.getRawFileSystem() : found;
    this.root = found.makeQualified(given);
  }

  @Override
  public Optional<byte[]> read(String name) throws IOException {
    try (InputStream in = files.open(at(name))) {
      return Optional.of(in.readAllBytes());
    } catch (FileNotFoundException none) {
      return Optional.empty();
    }
  }

  @Override
  public void write(String name, byte[] content) throws IOException {
    write(at(name), content, true);
  }

  @Override
  public void createNew(String name, byte[] content) throws IOException {
    Path path = at(name);
    if (files instanceof RawLocalFileSystem) {
      // Hadoop's own looks first and creates then.
      java.nio.file.Path local = java.nio.file.Path.of(path.toUri().getPath());
      Files.createDirectories(local.getParent());
      Files.write(local, content, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      return;
    }
    try {
      write(path, content, false);
    } catch (org.apache.hadoop.fs.FileAlreadyExistsException e) {
      throw taken(path, e);
    } catch (IOException e) {
      if (files.exists(path)) {
        throw taken(path, e);
      }
      throw e;
    }
  }

  private void write(Path path, byte[] content, boolean overwrite) throws IOException {
    try (OutputStream out = files.create(path, overwrite)) {
      out.write(content);
    }
  }

  @Override
  public void rename(String from, String to) throws IOException {
    Path target = at(to);
    if (files.exists(target)) {
      throw new FileAlreadyExistsException(target.toString());
    }
    if (!files.rename(at(from), target)) {
      if (files.exists(target)) {
        // Another was faster.
        throw new FileAlreadyExistsException(target.toString());
      }
      throw new IOException(at(from) + " cannot be renamed to " + target);
    }
  }

  @Override
  public List<Entry> list(String folder) throws IOException {
    try {
      return Arrays.stream(files.listStatus(at(folder)))
          .map(
              status ->
                  new Entry(
                      status.getPath().getName(),
                      Instant.ofEpochMilli(status.getModificationTime())))
          .sorted(Comparator.comparing(Entry::name))
          .toList();
    } catch (FileNotFoundException none) {
      return List.of();
    }
  }

  @Override
  public void delete(String name) throws IOException {
    files.delete(at(name), true);
  }

  @Override
  public String path(String name) {
    return at(name).toString();
  }

  private Path at(String name) {
    return name.isEmpty() ? root : new Path(root, name);
  }

  private static FileAlreadyExistsException taken(Path path, IOException cause) {
    FileAlreadyExistsException taken = new FileAlreadyExistsException(path.toString());
    taken.initCause(cause);
    return taken;
  }
}
