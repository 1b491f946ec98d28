package io.stagecoach.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.stagecoach.batch.ChunkStorage;
import io.stagecoach.checkpoint.CheckpointManifest.FileSum;
import io.stagecoach.tensor.TensorFile;
import io.stagecoach.tensor.Tensors;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;

/**
 * The files of one checkpoint. All are written under the folder's own name, which nobody else uses;
 * the manifest, under a temporary name, becomes what its name says by one rename at the end. An
 * object store, where a rename is a copy, shows a file whole or not at all, so that the manifest
 * commits there too.
 */
final class CheckpointFolder {

  static final String MANIFEST = "manifest.json";
  static final String WEIGHTS = "weights.arrow";
  static final String UPDATER = "updater.arrow";
  static final String MODEL = "model.json";
  static final String RUN = "run.json";

  /** A manifest has a few lines; nothing that calls itself one may fill the memory. */
  private static final int MOST_MANIFEST_BYTES = 1 << 20;

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final ChunkStorage storage;
  private final String folder;

  /**
   * @param folder its name in the storage; empty where the storage itself is the folder
   */
  CheckpointFolder(ChunkStorage storage, String folder) {
    this.storage = storage;
    this.folder = folder;
  }

  private String name(String file) {
    return folder.isEmpty() ? file : folder + "/" + file;
  }

  private interface Content {
    void to(OutputStream out) throws IOException;
  }

  /** Writes all files; borrows the tensors. It exists from the moment that this returns. */
  void write(Checkpoint checkpoint, long nowMillis) throws IOException {
    Map<String, FileSum> files = new TreeMap<>();
    files.put(WEIGHTS, write(WEIGHTS, out -> TensorFile.write(out, checkpoint.weights())));
    if (!checkpoint.updaterState().isEmpty()) {
      files.put(UPDATER, write(UPDATER, out -> TensorFile.write(out, checkpoint.updaterState())));
    }
    files.put(
        MODEL, write(MODEL, out -> out.write(checkpoint.model().getBytes(StandardCharsets.UTF_8))));
    files.put(RUN, write(RUN, out -> out.write(JSON.writeValueAsBytes(checkpoint.run()))));
    byte[] manifest = CheckpointManifest.of(nowMillis, files).write();
    String unfinished = MANIFEST + ".tmp";
    write(unfinished, out -> out.write(manifest));
    storage.rename(name(unfinished), name(MANIFEST));
  }

  private FileSum write(String file, Content content) throws IOException {
    try (SummingStream out = new SummingStream(storage.create(name(file)))) {
      content.to(out);
      return out.sum();
    }
  }

  /** Whether it was committed. */
  boolean exists() throws IOException {
    return storage.exists(name(MANIFEST));
  }

  CheckpointManifest manifest() throws IOException {
    try (InputStream in = storage.open(name(MANIFEST))) {
      byte[] bytes = in.readNBytes(MOST_MANIFEST_BYTES + 1);
      if (bytes.length > MOST_MANIFEST_BYTES) {
        throw new IOException("its manifest is too long to be one");
      }
      return CheckpointManifest.read(bytes);
    }
  }

  /**
   * Reads all of it, and checks every byte on the way.
   *
   * @throws IOException if it is not whole
   */
  Checkpoint read() throws IOException {
    CheckpointManifest manifest = manifest();
    RunState run = run(manifest);
    String model = new String(bytes(manifest, MODEL), StandardCharsets.UTF_8);
    Tensors weights = read(manifest, WEIGHTS, TensorFile::read);
    try {
      Tensors updater =
          manifest.files().containsKey(UPDATER)
              ? read(manifest, UPDATER, TensorFile::read)
              : Tensors.none();
      return new Checkpoint(run, model, weights, updater);
    } catch (IOException | RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  private RunState run(CheckpointManifest manifest) throws IOException {
    try {
      RunState run = JSON.readValue(bytes(manifest, RUN), RunState.class);
      if (run == null) {
        throw new IOException("its " + RUN + " is empty");
      }
      return run;
    } catch (JsonProcessingException e) {
      throw new IOException("its " + RUN + " cannot be read: " + e.getOriginalMessage(), e);
    }
  }

  private byte[] bytes(CheckpointManifest manifest, String file) throws IOException {
    return read(
        manifest,
        file,
        (in, length) -> {
          byte[] bytes = in.readNBytes(Math.toIntExact(Math.min(length, Integer.MAX_VALUE - 8)));
          if (bytes.length < length) {
            throw new IOException("it has " + bytes.length + " bytes, not " + length);
          }
          return bytes;
        });
  }

  private interface Reader<T> {
    T read(InputStream in, long length) throws IOException;
  }

  private <T> T read(CheckpointManifest manifest, String file, Reader<T> reader)
      throws IOException {
    FileSum expected = manifest.files().get(file);
    if (expected == null) {
      throw new IOException("its manifest has no " + file);
    }
    CRC32C crc = new CRC32C();
    T read = null;
    try (InputStream raw = storage.open(name(file));
        CheckedInputStream in = new CheckedInputStream(new BufferedInputStream(raw), crc)) {
      read = reader.read(in, expected.bytes());
      if (in.read() >= 0) {
        throw new IOException("it is longer than when it was written");
      }
      if (crc.getValue() != expected.crc32c()) {
        throw new IOException("it is not what was written: its checksum differs");
      }
      return read;
    } catch (IOException e) {
      if (read instanceof Tensors tensors) {
        tensors.close();
      }
      throw new IOException("its " + file + " is damaged: " + e.getMessage(), e);
    }
  }

  /** Removes it: the manifest first, so that what is left if this fails is no checkpoint. */
  void delete() throws IOException {
    storage.delete(name(MANIFEST));
    storage.delete(folder);
  }

  /** Counts and sums what goes through it. */
  private static final class SummingStream extends OutputStream {
    private final OutputStream to;
    private final CRC32C crc = new CRC32C();
    private long bytes;

    SummingStream(OutputStream to) {
      this.to = to;
    }

    @Override
    public void write(int b) throws IOException {
      to.write(b);
      crc.update(b);
      bytes++;
    }

    @Override
    public void write(byte[] from, int offset, int length) throws IOException {
      to.write(from, offset, length);
      crc.update(from, offset, length);
      bytes += length;
    }

    FileSum sum() {
      return new FileSum(bytes, crc.getValue());
    }

    @Override
    public void flush() throws IOException {
      to.flush();
    }

    @Override
    public void close() throws IOException {
      to.close();
    }
  }
}
