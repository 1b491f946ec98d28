package io.stagecoach.spark.data;

import io.stagecoach.batch.ChunkStorage;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.util.SerializableConfiguration;

/** A folder of any file system that Hadoop knows: HDFS, an object store, a mounted disk. */
public final class HadoopChunkStorage implements ChunkStorage {

  private static final long serialVersionUID = 1L;

  private final String root;
  private final SerializableConfiguration configuration;

  /**
   * @param root the folder; a path without a scheme is one of the default file system
   * @param configuration how the file system is reached; it travels with the storage
   */
  public HadoopChunkStorage(Path root, Configuration configuration) throws IOException {
    this.root = root.getFileSystem(configuration).makeQualified(root).toString();
    this.configuration = new SerializableConfiguration(configuration);
  }

  @Override
  public InputStream open(String name) throws IOException {
    return files().open(path(name));
  }

  @Override
  public OutputStream create(String name) throws IOException {
    return files().create(path(name), true);
  }

  @Override
  public boolean exists(String name) throws IOException {
    return files().exists(path(name));
  }

  @Override
  public List<String> list(String folder) throws IOException {
    Path start = path(folder);
    List<String> names = new ArrayList<>();
    try {
      if (!files().getFileStatus(start).isDirectory()) {
        return List.of();
      }
      RemoteIterator<LocatedFileStatus> found = files().listFiles(start, true);
      while (found.hasNext()) {
        names.add(new Path(root).toUri().relativize(found.next().getPath().toUri()).getPath());
      }
    } catch (FileNotFoundException none) {
      return List.of();
    }
    Collections.sort(names);
    return names;
  }

  @Override
  public void delete(String name) throws IOException {
    files().delete(path(name), true);
  }

  @Override
  public void rename(String from, String to) throws IOException {
    Path source = path(from);
    Path target = path(to);
    FileSystem files = files();
    if (!files.exists(source)) {
      throw new FileNotFoundException(source + " is not there");
    }
    files.mkdirs(target.getParent());
    if (files.rename(source, target)) {
      return;
    }
    // HDFS and others rename to free names only; in between there is no file, which readers bear.
    files.delete(target, false);
    if (!files.rename(source, target)) {
      throw new IOException(source + " cannot be renamed to " + target);
    }
  }

  private FileSystem files() throws IOException {
    return new Path(root).getFileSystem(configuration.value());
  }

  private Path path(String name) {
    Path base = new Path(root);
    if (name.isEmpty()) {
      return base;
    }
    if (name.startsWith("/") || List.of(name.split("/", -1)).contains("..")) {
      throw new IllegalArgumentException(name + " is outside of " + root);
    }
    return new Path(base, name);
  }

  @Override
  public String toString() {
    return root;
  }
}
