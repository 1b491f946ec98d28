package io.stagecoach.batch;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.tensor.TensorColumnFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.util.zip.CRC32C;

/** Fetches one column of one chunk, whole, and checks it against the manifest. */
final class ChunkLoader {

  private final ChunkStorage storage;
  private final StoreManifest manifest;

  ChunkLoader(ChunkStorage storage, StoreManifest manifest) {
    this.storage = storage;
    this.manifest = manifest;
  }

  /** How many bytes loading takes. */
  long bytes(ChunkColumn key) {
    return file(key).bytes();
  }

  private ChunkInfo chunk(ChunkColumn key) {
    return manifest.chunks().get(key.split()).get(key.chunk());
  }

  private ChunkInfo.ColumnFile file(ChunkColumn key) {
    return chunk(key).files().get(key.column());
  }

  /**
   * Loads.
   *
   * @throws StagecoachException DATA if it is missing, cannot be read or is not what was written
   */
  LoadedColumn load(ChunkColumn key) {
    ChunkInfo.ColumnFile expected = file(key);
    String name = ChunkInfo.fileName(chunk(key).id(), key.column());
    try (InputStream in = storage.open(name)) {
      byte[] bytes = new byte[Math.toIntExact(expected.bytes())];
      int read = in.readNBytes(bytes, 0, bytes.length);
      if (read < bytes.length || in.read() >= 0) {
        throw failed(name, "is not " + expected.bytes() + " bytes long as when written", null);
      }
      CRC32C crc = new CRC32C();
      crc.update(bytes);
      if (crc.getValue() != expected.crc32c()) {
        throw failed(name, "is not what was written: its checksum differs", null);
      }
      ColumnSpec column = manifest.column(key.column()).orElseThrow();
      long elements = (long) chunk(key).rows() * column.rowElements();
      long dataBytes = TensorColumnFile.dataBytes(column.type().dataType(), elements);
      return new LoadedColumn(bytes, TensorColumnFile.dataOffset(bytes, dataBytes));
    } catch (FileNotFoundException | NoSuchFileException e) {
      throw failed(name, "is missing", e);
    } catch (IOException | ArithmeticException e) {
      throw failed(name, "cannot be read: " + e.getMessage(), e);
    }
  }

  private StagecoachException failed(String name, String why, Exception cause) {
    return new StagecoachException(
        ErrorKind.DATA,
        "File " + name + " of the batch store in " + storage + " " + why,
        Where.nowhere(),
        "Delete the folder: the batch store is made again from the data",
        cause);
  }
}
