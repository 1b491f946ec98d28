package io.stagecoach.batch;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.util.List;

/**
 * A folder of files that all executors reach. Names are relative, with {@code /} between parts.
 * Serialisable, because the tasks that write a store get it from the driver; thread-safe.
 */
public interface ChunkStorage extends Serializable {

  /**
   * Opens a file to be read from its beginning.
   *
   * @throws java.io.FileNotFoundException or {@link java.nio.file.NoSuchFileException} if there is
   *     none
   */
  InputStream open(String name) throws IOException;

  /** Creates a file, or replaces it; missing folders are made. */
  OutputStream create(String name) throws IOException;

  /** Whether there is a file or folder. */
  boolean exists(String name) throws IOException;

  /** The names of all files in a folder and below it, sorted; none if there is no such folder. */
  List<String> list(String folder) throws IOException;

  /** Deletes a file, or a folder with all that is in it; nothing if there is none. */
  void delete(String name) throws IOException;

  /**
   * Gives a file its final name, replacing what was there: readers see the old file, none, or the
   * whole new one, never a part.
   */
  void rename(String from, String to) throws IOException;

  /** The folder, as a person would write it. */
  @Override
  String toString();
}
