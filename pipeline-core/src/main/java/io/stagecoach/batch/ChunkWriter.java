package io.stagecoach.batch;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.tensor.TensorColumnFile;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.zip.CRC32C;
import java.util.zip.CheckedOutputStream;

/**
 * Writes one chunk: a file for each column. Many processes write chunks of one store at once, and
 * two tries of one task may write the same chunk: each writes under a name of its own and renames,
 * so that the last one wins whole. What is written belongs to no store until a manifest names it.
 */
public final class ChunkWriter {

  private ChunkWriter() {}

  /**
   * Writes a chunk.
   *
   * @param id the chunk's id, a relative folder; nobody else writes other rows under it
   * @param columns the rows of each column, all of the same number of rows
   * @return what the manifest must say of the chunk
   * @throws StagecoachException OUTPUT if it cannot be written
   */
  public static ChunkInfo write(ChunkStorage storage, String id, List<ColumnData> columns) {
    int rows = columns.isEmpty() ? 0 : columns.get(0).rows();
    if (rows == 0 || columns.stream().anyMatch(c -> c.rows() != rows)) {
      throw new IllegalArgumentException(
          "chunk " + id + " with " + columns.stream().map(ColumnData::rows).toList() + " rows");
    }
    Map<String, ChunkInfo.ColumnFile> files = new TreeMap<>();
    List<String> temporary = new ArrayList<>();
    try {
      for (ColumnData column : columns) {
        ChunkInfo.ColumnFile file = write(storage, id, column, rows, temporary);
        if (files.put(column.spec().name(), file) != null) {
          throw new IllegalArgumentException("two columns are named " + column.spec().name());
        }
      }
    } catch (IOException e) {
      temporary.forEach(name -> deleteQuietly(storage, name, e));
      throw new StagecoachException(
          ErrorKind.OUTPUT,
          "Cannot write chunk " + id + " of the batch store in " + storage + ": " + e.getMessage(),
          Where.nowhere(),
          "Check that every executor may write there, and the space that is left",
          e);
    }
    return new ChunkInfo(id, rows, files);
  }

  private static ChunkInfo.ColumnFile write(
      ChunkStorage storage, String id, ColumnData column, int rows, List<String> temporary)
      throws IOException {
    ColumnSpec spec = column.spec();
    String name = ChunkInfo.fileName(id, spec.name());
    String unfinished = name + "." + UUID.randomUUID() + ".tmp";
    temporary.add(unfinished);
    CRC32C crc = new CRC32C();
    CountingStream counted;
    try (OutputStream file = storage.create(unfinished)) {
      counted = new CountingStream(new CheckedOutputStream(file, crc));
      TensorColumnFile.write(
          counted,
          spec.name(),
          spec.type().dataType(),
          spec.rowShape().stream().map(Integer::longValue).toList(),
          rows,
          Map.of("stagecoach.chunk", id, "stagecoach.time_axis", "" + spec.timeAxis()),
          column.arrowBytes());
    }
    storage.rename(unfinished, name);
    temporary.remove(unfinished);
    return new ChunkInfo.ColumnFile(counted.count, crc.getValue());
  }

  private static void deleteQuietly(ChunkStorage storage, String name, IOException first) {
    try {
      storage.delete(name);
    } catch (IOException e) {
      first.addSuppressed(e);
    }
  }

  private static final class CountingStream extends OutputStream {
    private final OutputStream to;
    private long count;

    CountingStream(OutputStream to) {
      this.to = to;
    }

    @Override
    public void write(int b) throws IOException {
      to.write(b);
      count++;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      to.write(bytes, offset, length);
      count += length;
    }
  }
}
