package io.stagecoach.spark.score;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * A saved network as it travels: the file's bytes, in pieces, because an array has at most 2 GiB.
 *
 * @param id by which a process knows that it has loaded the network already
 */
record PackedNetwork(UUID id, List<byte[]> pieces) implements Serializable {

  private static final int PIECE = 16 << 20;

  /** The bytes of a file. */
  static PackedNetwork of(Path file) {
    List<byte[]> pieces = new ArrayList<>();
    try (InputStream in = Files.newInputStream(file)) {
      for (byte[] piece = in.readNBytes(PIECE); piece.length > 0; piece = in.readNBytes(PIECE)) {
        pieces.add(piece);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new PackedNetwork(UUID.randomUUID(), pieces);
  }

  /** Writes the file. */
  void writeTo(OutputStream out) throws IOException {
    for (byte[] piece : pieces) {
      out.write(piece);
    }
  }
}
