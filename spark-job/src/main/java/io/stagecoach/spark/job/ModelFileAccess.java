package io.stagecoach.spark.job;

import io.stagecoach.batch.ChunkStorage;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.data.HadoopChunkStorage;
import io.stagecoach.spark.job.retrain.HadoopFolderFiles;
import io.stagecoach.spark.job.retrain.ModelFolder;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Reads a model's files from any file system that Hadoop reaches. */
final class ModelFileAccess {

  private final Configuration hadoop;

  ModelFileAccess(Configuration hadoop) {
    this.hadoop = hadoop;
  }

  /** The text of a file that a setting names. */
  String read(String setting, String path) {
    try (InputStream in = open(path)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException | IllegalArgumentException e) {
      throw failure(setting, path, e);
    }
  }

  /** Copies a file that a setting names to a local one. */
  void copy(String setting, String path, java.nio.file.Path local) {
    try (InputStream in = open(path)) {
      Files.copy(in, local, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException | IllegalArgumentException e) {
      throw failure(setting, path, e);
    }
  }

  /** The path, or where it is a directory the file of this name in it. */
  String inDirectory(String path, String name) {
    try {
      Path given = new Path(path);
      return given.getFileSystem(hadoop).getFileStatus(given).isDirectory()
          ? new Path(given, name).toString()
          : path;
    } catch (IOException | IllegalArgumentException e) {
      // Reading it will say what is wrong.
      return path;
    }
  }

  /** The directory that the path is, where no file of this name is in it. */
  Optional<ChunkStorage> folderWithout(String path, String name) {
    try {
      Path given = new Path(path);
      FileSystem files = given.getFileSystem(hadoop);
      return files.getFileStatus(given).isDirectory() && !files.exists(new Path(given, name))
          ? Optional.of(new HadoopChunkStorage(given, hadoop))
          : Optional.empty();
    } catch (IOException | IllegalArgumentException e) {
      // Reading it will say what is wrong.
      return Optional.empty();
    }
  }

  /**
   * The accepted model's directory, where the path is a folder of a model's generations, which has
   * no file of this name in it.
   */
  Optional<String> acceptedIn(String path, String name) {
    if (folderWithout(path, name).isEmpty()) {
      return Optional.empty();
    }
    try {
      return new ModelFolder(new HadoopFolderFiles(path, hadoop)).acceptedPath();
    } catch (IOException e) {
      // Reading it will say what is wrong.
      return Optional.empty();
    }
  }

  /** What a reader makes of a file's content; what is wrong with it is said of the file. */
  static <T> T naming(String path, Supplier<T> reader) {
    try {
      return reader.get();
    } catch (StagecoachException e) {
      throw new StagecoachException(e.kind(), path + ": " + e.what(), e.where(), e.remedy(), e);
    }
  }

  private InputStream open(String path) throws IOException {
    Path file = new Path(path);
    return file.getFileSystem(hadoop).open(file);
  }

  private static StagecoachException failure(String setting, String path, Exception cause) {
    String why =
        cause instanceof FileNotFoundException ? "is not there" : "cannot be read: " + cause;
    return new StagecoachException(
        ErrorKind.MODEL, path + " " + why, Where.nowhere(), "Correct " + setting + ".", cause);
  }
}
