package io.stagecoach.spark.job.retrain;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The few things that are done to the small files of a model folder. Names are relative, with
 * slashes between their parts.
 */
public interface FolderFiles {

  /**
   * A file or a folder.
   *
   * @param name its last part
   * @param changed when it was changed last
   */
  record Entry(String name, Instant changed) {}

  /** A file's content; empty where there is none. */
  Optional<byte[]> read(String name) throws IOException;

  /** Writes a file, with the folders above it. Whoever reads it meanwhile may see a part. */
  void write(String name, byte[] content) throws IOException;

  /**
   * Writes a file where there is none: of several callers at once one succeeds.
   *
   * @throws java.nio.file.FileAlreadyExistsException if there is one
   */
  void createNew(String name, byte[] content) throws IOException;

  /**
   * Renames a file to a name that nothing has, at once.
   *
   * @throws java.nio.file.FileAlreadyExistsException if something has it
   */
  void rename(String from, String to) throws IOException;

  /** What is directly in a folder, by name; nothing where there is no folder. */
  List<Entry> list(String folder) throws IOException;

  /** Removes a file or a whole folder, if it is there. */
  void delete(String name) throws IOException;

  /** The whole path of a name, as other programs take it. */
  String path(String name);

  /**
   * Puts a file in place whole or not at all: written under a name that nobody looks for, and
   * renamed.
   *
   * @throws java.nio.file.FileAlreadyExistsException if there is a file of this name
   */
  default void commit(String name, byte[] content) throws IOException {
    int last = name.lastIndexOf('/') + 1;
    String unfinished =
        name.substring(0, last) + "." + name.substring(last) + "." + UUID.randomUUID() + ".tmp";
    write(unfinished, content);
    rename(unfinished, name);
  }
}
