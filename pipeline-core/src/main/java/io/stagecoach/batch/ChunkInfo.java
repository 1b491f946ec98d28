package io.stagecoach.batch;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.io.Serializable;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * A chunk that has been written.
 *
 * @param id its id, which is the folder of its files
 * @param rows how many examples it has
 * @param files the file of each column, by the column's name
 */
public record ChunkInfo(String id, int rows, Map<String, ColumnFile> files)
    implements Serializable {

  /**
   * The file of one column.
   *
   * @param bytes its length
   * @param crc32c the checksum of all of it
   */
  public record ColumnFile(long bytes, long crc32c) implements Serializable {}

  public ChunkInfo {
    files = Collections.unmodifiableMap(new TreeMap<>(files));
  }

  /** The bytes of all its files. */
  @JsonIgnore
  public long bytes() {
    return files.values().stream().mapToLong(ColumnFile::bytes).sum();
  }

  /** The name of a column's file in the storage. */
  static String fileName(String id, String column) {
    return id + "/" + column + ".arrow";
  }
}
